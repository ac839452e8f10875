"""Limits that cgroups put on this very process: in a container they, not the machine, are what counts.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/index.html and cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from bench.machine import cgroups
from bench.machine.cgroups import words
from bench.machine.place import Place


def quota_cpus(place: Place) -> float | None:
    """The CPUs' worth of time that this process may use at most; None if unlimited or not readable."""
    return cgroups.quota_cpus(place, _own_directories("cpu", place))


def memory_left_bytes(place: Place) -> int | None:
    """What this process's cgroups may still take, droppable page cache included; None if unlimited."""
    found = []
    for directory in _own_directories("memory", place):
        limit = words(place, directory / "memory.max") or words(place, directory / "memory.limit_in_bytes")
        used = words(place, directory / "memory.current") or words(place, directory / "memory.usage_in_bytes")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]) + _droppable(place, directory))
    return min(found, default=None)


def tasks_left(place: Place) -> int | None:
    """How many more processes and threads this process's cgroups allow; None if unlimited."""
    found = []
    for directory in _own_directories("pids", place):
        limit, used = words(place, directory / "pids.max"), words(place, directory / "pids.current")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]))
    return min(found, default=None)


def _own_directories(controller: str, place: Place) -> list[PurePosixPath]:
    """The cgroup of this process and those above it: each can limit."""
    # A container sees its own cgroup mounted as the root, but may be told the path on the host.
    return cgroups.directories(controller, place) or [cgroups.mount(controller, place)]


def _droppable(place: Place, directory: PurePosixPath) -> int:
    found = words(place, directory / "memory.stat")
    pairs = dict(zip(found[::2], found[1::2], strict=False))
    return int(pairs.get("total_inactive_file", pairs.get("inactive_file", 0)))
