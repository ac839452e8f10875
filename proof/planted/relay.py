"""A cable with delay and loss: `python -m proof.planted.relay PORT HOLDER DELAY_S LOSS`.

It has two network devices (TAP): PORT in this process's network, and `eth0` in that of process HOLDER. What
is sent to one arrives at the other, each frame DELAY_S later, but for the share LOSS of them.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_FRAME_BYTES = 1 << 16


def main() -> None:
    """Relay until killed; a line on standard output says that both devices are there."""
    port, holder, delay_s, loss = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    ends = {_device(port): 0, _device("far"): 0}
    near, far = ends
    ends[near], ends[far] = far, near
    subprocess.run(["ip", "link", "set", "far", "name", "eth0", "netns", holder], check=True)
    print(flush=True)
    chance = random.Random(0)
    under_way: deque[tuple[float, int, bytes]] = deque()
    while True:
        left_s = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for end in select.select([*ends], [], [], left_s)[0]:
            frame = os.read(end, _FRAME_BYTES)
            if chance.random() >= loss:
                under_way.append((time.monotonic() + delay_s, ends[end], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, end, frame = under_way.popleft()
            # Where the other end is down, the frame is lost.
            with suppress(OSError):
                os.write(end, frame)


def _device(name: str) -> int:
    """The descriptor of a new one (https://docs.kernel.org/networking/tuntap.html)."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
    return descriptor


if __name__ == "__main__":
    main()
