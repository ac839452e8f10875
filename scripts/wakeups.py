"""How late a process wakes on a CPU that goes idle, and on one that is kept awake: figures of decision 107.

python -m scripts.wakeups [CPU]    five turns of both, a minute together, and the ratio of their p99
"""

from __future__ import annotations

import os
import sys
import time
from math import exp, log
from statistics import fmean

import numpy as np

from bench.machine.awake import kept_awake
from bench.machine.place import HERE

_TURNS = 5
_WAKE_UPS = 3000
_EVERY_S = 0.002
_SHARES = (50, 95, 99, 99.9)


def main() -> None:
    """Print each turn's lateness in milliseconds, then the ratio."""
    cpu = int(sys.argv[1]) if len(sys.argv) > 1 else HERE.cpus()[0]
    os.sched_setaffinity(0, {cpu})
    ratios = []
    for _ in range(_TURNS):
        idle = _turn("goes idle")
        with kept_awake((cpu,)):
            awake = _turn("kept awake")
        ratios.append(log(awake[2] / idle[2]))
    sys.stdout.write(f"p99 kept awake / going idle: {exp(fmean(ratios)):.3f}\n")


def _turn(name: str) -> list[float]:
    late = []
    due = time.monotonic() + _EVERY_S
    for _ in range(_WAKE_UPS):
        time.sleep(max(0.0, due - time.monotonic()))
        late.append(1000 * (time.monotonic() - due))
        due += _EVERY_S
    shares: list[float] = np.percentile(late, _SHARES).tolist()
    said = ", ".join(f"p{share:g} {value:.3f} ms" for share, value in zip(_SHARES, shares, strict=True))
    sys.stdout.write(f"{name:10}  {said}\n")
    return shares


if __name__ == "__main__":
    main()
