"""A second place on this machine: a network of its own, and clocks that are far ahead of this machine's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

import pytest

from bench.machine.place import Clock, Place
from bench.machine.process import CommandFailed, run

AHEAD_S = 1_000_000
_TOOLS = ("ip", "nsenter", "unshare")
# For tests of networks (RFC 2544); of its 2 ** 15 networks of four addresses each process has one of its own.
_NETWORK = (198 << 24) + (18 << 16)


@dataclass(frozen=True)
class Elsewhere(Place):
    """Whatever process `holder` lives in.

    Attributes:
        neighbour: this machine's address, as it is reached from there.
    """

    holder: int = 0
    neighbour: str = ""

    def command(self, argv: Sequence[str]) -> list[str]:
        return ["nsenter", "--target", str(self.holder), "--net", "--time", "--", *argv]

    def free_port(self) -> int:
        """Nobody else is there."""
        return 8000

    def read(self, path: str | PurePath) -> str:
        try:
            return run(self.command(["cat", str(path)]))
        except CommandFailed as error:
            raise OSError(error.output) from None


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """Such a place, as long as the block lasts; the test is skipped where none can be made.

    `make test-all` doesn't insist on it either, since it takes root.
    """
    if os.getuid() != 0 or not all(map(shutil.which, _TOOLS)):
        pytest.skip(f"a second place takes root and {', '.join(_TOOLS)}")
    ahead = ("--monotonic", str(AHEAD_S), "--boottime", str(AHEAD_S))
    wait = ("sh", "-c", "echo $$; exec cat")
    with subprocess.Popen(
        ["unshare", "--net", "--time", *ahead, "--fork", "--kill-child", *wait],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stderr is not None
        said = holder.stdout.readline()
        if not said:
            pytest.skip(f"there can be no second place: {holder.stderr.read().strip()}")
        try:
            here, there = _addresses(os.getpid())
            place = Elsewhere(there, Clock(AHEAD_S * 10**9), holder=int(said), neighbour=here)
            _join(place)
            yield place
        finally:
            # `cat` ends, and with its last process the place.
            holder.stdin.close()


def _addresses(number: int) -> tuple[str, str]:
    network = _NETWORK + 4 * (number % (1 << 15))
    here, there = (".".join(map(str, (network + host).to_bytes(4))) for host in (1, 2))
    return here, there


def _join(place: Elsewhere) -> None:
    """Two network interfaces, of which what is sent to one arrives at the other."""
    ours, theirs = f"wb{os.getpid()}a", f"wb{os.getpid()}b"
    run(["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(place.holder)])
    run(["ip", "address", "add", f"{place.neighbour}/30", "dev", ours])
    run(["ip", "link", "set", ours, "up"])
    run(place.command(["ip", "address", "add", f"{place.address}/30", "dev", theirs]))
    run(place.command(["ip", "link", "set", theirs, "up"]))
    run(place.command(["ip", "link", "set", "lo", "up"]))
