"""Limits that cgroups put on this very process: in a container they, not the machine, are what counts.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/index.html and cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from bench.machine import cgroups
from bench.machine.cgroups import words

_ROOT = cgroups.ROOT


def version() -> Literal["v1", "v2"] | None:
    """Which version controls CPU and memory here; None without cgroups."""
    if (_ROOT / "cgroup.controllers").exists():
        return "v2"
    return "v1" if any(_ROOT.glob("*cpuacct*")) else None


def quota_cpus(root: Path = _ROOT, membership: Path = cgroups.SELF) -> float | None:
    """The CPUs' worth of time that this process may use at most; None if unlimited or not readable."""
    return cgroups.quota_cpus(_own_directories("cpu", root, membership))


def memory_left_bytes(root: Path = _ROOT, membership: Path = cgroups.SELF) -> int | None:
    """What this process's cgroups may still take, droppable page cache included; None if unlimited."""
    found = []
    for directory in _own_directories("memory", root, membership):
        limit = words(directory / "memory.max") or words(directory / "memory.limit_in_bytes")
        used = words(directory / "memory.current") or words(directory / "memory.usage_in_bytes")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]) + _droppable(directory))
    return min(found, default=None)


def tasks_left(root: Path = _ROOT, membership: Path = cgroups.SELF) -> int | None:
    """How many more processes and threads this process's cgroups allow; None if unlimited."""
    found = []
    for directory in _own_directories("pids", root, membership):
        limit, used = words(directory / "pids.max"), words(directory / "pids.current")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]))
    return min(found, default=None)


def _own_directories(controller: str, root: Path, membership: Path) -> list[Path]:
    """The cgroup of this process and those above it: each can limit."""
    # A container sees its own cgroup mounted as the root, but may be told the path on the host.
    return cgroups.directories(controller, root, membership) or [cgroups.mount(controller, root)]


def _droppable(directory: Path) -> int:
    found = words(directory / "memory.stat")
    pairs = dict(zip(found[::2], found[1::2], strict=False))
    return int(pairs.get("total_inactive_file", pairs.get("inactive_file", 0)))
