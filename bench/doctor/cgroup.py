"""Limits that cgroups put on this very process: in a container they, not the machine, are what counts.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/index.html and cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

_ROOT = Path("/sys/fs/cgroup")


def version() -> Literal["v1", "v2"] | None:
    """Which version controls CPU and memory here; None without cgroups."""
    if (_ROOT / "cgroup.controllers").exists():
        return "v2"
    return "v1" if any(_ROOT.glob("*cpuacct*")) else None


def quota_cpus(root: Path = _ROOT, membership: Path = Path("/proc/self/cgroup")) -> float | None:
    """The CPUs' worth of time that this process may use at most; None if unlimited or not readable."""
    found = []
    for directory in _own_directories("cpu", root, membership):
        words = _words(directory / "cpu.max") or [
            *_words(directory / "cpu.cfs_quota_us"),
            *_words(directory / "cpu.cfs_period_us"),
        ]
        if len(words) == 2 and words[0] not in ("max", "-1"):
            found.append(int(words[0]) / int(words[1]))
    return min(found, default=None)


def memory_left_bytes(root: Path = _ROOT, membership: Path = Path("/proc/self/cgroup")) -> int | None:
    """What this process's cgroups may still take, droppable page cache included; None if unlimited."""
    found = []
    for directory in _own_directories("memory", root, membership):
        limit = _words(directory / "memory.max") or _words(directory / "memory.limit_in_bytes")
        used = _words(directory / "memory.current") or _words(directory / "memory.usage_in_bytes")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]) + _droppable(directory))
    return min(found, default=None)


def tasks_left(root: Path = _ROOT, membership: Path = Path("/proc/self/cgroup")) -> int | None:
    """How many more processes and threads this process's cgroups allow; None if unlimited."""
    found = []
    for directory in _own_directories("pids", root, membership):
        limit, used = _words(directory / "pids.max"), _words(directory / "pids.current")
        if limit and used and limit != ["max"]:
            found.append(int(limit[0]) - int(used[0]))
    return min(found, default=None)


def _own_directories(controller: str, root: Path, membership: Path) -> Iterator[Path]:
    """The cgroup of this process and those above it: each can limit."""
    try:
        lines = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        return
    if (root / "cgroup.controllers").exists():
        mount, path = root, next((line[2] for line in lines if line[0] == "0"), "/")
    else:
        path = next((line[2] for line in lines if controller in line[1].split(",")), "/")
        mounts = [mount for mount in root.glob("*") if controller in mount.name.split(",")]
        mount = mounts[0] if mounts else root / controller
    directory = mount / path.lstrip("/")
    if not directory.is_dir():
        # A container sees its own cgroup mounted as the root, but may be told the path on the host.
        directory = mount
    yield from (directory, *(above for above in directory.parents if above.is_relative_to(mount)))


def _droppable(directory: Path) -> int:
    words = _words(directory / "memory.stat")
    pairs = dict(zip(words[::2], words[1::2], strict=False))
    return int(pairs.get("total_inactive_file", pairs.get("inactive_file", 0)))


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
