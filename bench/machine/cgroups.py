"""Which cgroups a process is in, and what they limit it to: its own and those above it, each can limit.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/index.html and cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Literal

from bench.machine.place import Place

# What v1 shows for "no limit" is the largest whole page: 2 ** 63 - 4096.
_NO_LIMIT = 2**62


def version(place: Place) -> Literal["v1", "v2"] | None:
    """Which version controls CPU and memory there; None without cgroups."""
    if _second(place):
        return "v2"
    return "v1" if any("cpuacct" in name for name in _mounted(place)) else None


def directories(controller: str, place: Place, pid: int | str = "self") -> list[PurePosixPath]:
    """The cgroup of a process and those above it; empty where they aren't shown there."""
    top = mount(controller, place)
    directory = top / path_of(controller, place, pid).lstrip("/")
    if not place.exists(directory):
        return []
    return [directory, *(above for above in directory.parents if above.is_relative_to(top))]


def seen(controller: str, place: Place, pid: int | str = "self") -> list[PurePosixPath]:
    """`directories`, also in a container: it sees its own cgroup as the root, but may be told the path on the
    host.
    """
    shown = directories(controller, place, pid)
    if not shown and path_of(controller, place, pid) == path_of(controller, place):
        return [mount(controller, place)]
    return shown


def mount(controller: str, place: Place) -> PurePosixPath:
    """Where a controller's cgroups are: in v2 all in one folder, in v1 perhaps as `cpu,cpuacct`."""
    root = PurePosixPath(place.cgroups)
    if _second(place):
        return root
    mounts = [name for name in _mounted(place) if controller in name.split(",")]
    return root / (mounts[0] if mounts else controller)


def path_of(controller: str, place: Place, pid: int | str = "self") -> str:
    """A process's cgroup as it is told; "/" where it isn't."""
    try:
        lines = [line.split(":", 2) for line in place.of_process(pid, "cgroup").splitlines()]
    except OSError:
        return "/"
    if _second(place):
        return next((path for number, _, path in lines if number == "0"), "/")
    return next((path for _, names, path in lines if controller in names.split(",")), "/")


def memory_bytes(place: Place, found: Iterable[PurePosixPath]) -> int | None:
    """The least limit of memory; None without any."""
    return _least(place, found, ("memory.max", "memory.limit_in_bytes"))


def pids(place: Place, found: Iterable[PurePosixPath]) -> int | None:
    """The least limit of processes and threads; None without any."""
    return _least(place, found, ("pids.max",))


def quota_cpus(place: Place, found: Iterable[PurePosixPath]) -> float | None:
    """The CPUs' worth of time that may be used at most; None if unlimited."""
    quotas = []
    for directory in found:
        given = words(place, directory / "cpu.max") or [
            *words(place, directory / "cpu.cfs_quota_us"),
            *words(place, directory / "cpu.cfs_period_us"),
        ]
        if len(given) == 2 and given[0] not in ("max", "-1"):
            quotas.append(int(given[0]) / int(given[1]))
    return min(quotas, default=None)


def words(place: Place, path: PurePosixPath) -> list[str]:
    """What a file of a cgroup says; nothing where it isn't there."""
    return (place.text(path) or "").split()


def _second(place: Place) -> bool:
    return place.exists(f"{place.cgroups}/cgroup.controllers")


def _mounted(place: Place) -> list[str]:
    try:
        return place.entries(place.cgroups)
    except OSError:
        return []


def _least(place: Place, found: Iterable[PurePosixPath], names: Sequence[str]) -> int | None:
    said = [words(place, directory / name) for directory in found for name in names]
    limits = [int(line[0]) for line in said if line and line[0] != "max"]
    return min((limit for limit in limits if limit < _NO_LIMIT), default=None)
