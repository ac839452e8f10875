"""Which cgroups a process is in, and what they limit it to: its own and those above it, each can limit.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/index.html and cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
SELF = Path("/proc/self/cgroup")
# What v1 shows for "no limit" is the largest whole page: 2 ** 63 - 4096.
_NO_LIMIT = 2**62


def directories(controller: str, root: Path = ROOT, membership: Path = SELF) -> list[Path]:
    """The cgroup of a process and those above it; empty where they aren't shown here.

    Args:
        root: where the cgroups are mounted.
        membership: the process's own list, as /proc/PID/cgroup.
    """
    place = mount(controller, root)
    directory = place / path_of(controller, root, membership).lstrip("/")
    if not directory.is_dir():
        return []
    return [directory, *(above for above in directory.parents if above.is_relative_to(place))]


def seen(controller: str, root: Path = ROOT, membership: Path = SELF) -> list[Path]:
    """`directories`, also in a container: it sees its own cgroup as the root, but may be told the path on the
    host.
    """
    found = directories(controller, root, membership)
    if not found and path_of(controller, root, membership) == path_of(controller, root):
        return [mount(controller, root)]
    return found


def mount(controller: str, root: Path = ROOT) -> Path:
    """Where a controller's cgroups are: in v2 all in one place, in v1 perhaps as `cpu,cpuacct`."""
    if (root / "cgroup.controllers").exists():
        return root
    mounts = [found for found in root.glob("*") if controller in found.name.split(",")]
    return mounts[0] if mounts else root / controller


def path_of(controller: str, root: Path = ROOT, membership: Path = SELF) -> str:
    """A process's cgroup as it is told; "/" where it isn't."""
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        return "/"
    if (root / "cgroup.controllers").exists():
        return next((path for number, _, path in lines if number == "0"), "/")
    return next((path for _, names, path in lines if controller in names.split(",")), "/")


def memory_bytes(found: Iterable[Path]) -> int | None:
    """The least limit of memory; None without any."""
    return _least(found, ("memory.max", "memory.limit_in_bytes"))


def pids(found: Iterable[Path]) -> int | None:
    """The least limit of processes and threads; None without any."""
    return _least(found, ("pids.max",))


def quota_cpus(found: Iterable[Path]) -> float | None:
    """The CPUs' worth of time that may be used at most; None if unlimited."""
    quotas = []
    for directory in found:
        given = words(directory / "cpu.max") or [
            *words(directory / "cpu.cfs_quota_us"),
            *words(directory / "cpu.cfs_period_us"),
        ]
        if len(given) == 2 and given[0] not in ("max", "-1"):
            quotas.append(int(given[0]) / int(given[1]))
    return min(quotas, default=None)


def words(path: Path) -> list[str]:
    """What a file of a cgroup says; nothing where it isn't there."""
    try:
        return path.read_text().split()
    except OSError:
        return []


def _least(found: Iterable[Path], names: Sequence[str]) -> int | None:
    said = [words(directory / name) for directory in found for name in names]
    limits = [int(one[0]) for one in said if one and one[0] != "max"]
    return min((limit for limit in limits if limit < _NO_LIMIT), default=None)
