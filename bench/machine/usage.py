"""CPU time and memory of a deployment, from its cgroup or its process tree.

Imported by the harness, and by the driver on its hot path: there, inside a container, the host's
cgroups are mounted read-only at the place that `WSGI_BENCH_CGROUP_ROOT` names.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html, processes clock_getcpuclockid(3) and proc(5).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from bench.machine.processtree import TreeReader, process_tree
from bench.model import UsageSource

CGROUP_ROOT_VARIABLE = "WSGI_BENCH_CGROUP_ROOT"


class UsageReader(Protocol):
    """CPU time of one deployment between two moments.

    `begin` and `end` take some ten microseconds a process, the others may take milliseconds: they are called
    where no time is counted.
    """

    def refresh(self) -> None:
        """Look for new processes."""
        ...

    def begin(self) -> None:
        """Counted time begins."""
        ...

    def end(self) -> None:
        """Counted time ends."""
        ...

    def used_ns(self) -> int | None:
        """CPU time between the two, user and system, nanoseconds; None where it can't be known."""
        ...

    def close(self) -> None: ...


def open_usage(source: UsageSource) -> UsageReader | None:
    """A reader for the CPU time of a deployment; None where it can't be read."""
    try:
        if source.kind == "cgroup1":
            return _CgroupReader(_directory(source) / "cpuacct.usage")
        if source.kind == "cgroup2":
            return _CgroupReader(_directory(source) / "cpu.stat")
        if source.kind == "processes" and Path("/proc/self/stat").exists():
            return TreeReader(source.pid)
    except OSError:
        return None
    return None


def memory_bytes(source: UsageSource) -> tuple[int | None, int | None]:
    """Current and highest memory of a deployment; None where it can't be read.

    For a cgroup both include the page cache that is charged to it. For processes the current value is
    the sum of their proportional set sizes; the highest adds what each once had resident beyond now.
    """
    if source.kind == "cgroup1":
        directory = controller("memory", source.path)
        return _number(directory / "memory.usage_in_bytes"), _number(directory / "memory.max_usage_in_bytes")
    if source.kind == "cgroup2":
        directory = cgroup_root() / source.path.lstrip("/")
        # memory.peak exists since Linux 5.19.
        return _number(directory / "memory.current"), _number(directory / "memory.peak")
    if source.kind == "processes":
        return _memory_of_tree(source.pid)
    return None, None


def members(source: UsageSource) -> list[int]:
    """The processes of a deployment; none where they can't be seen from here."""
    if source.kind in ("cgroup1", "cgroup2"):
        with suppress(OSError):
            # 0 stands for one that this namespace of processes has no number for.
            procs = (_directory(source) / "cgroup.procs").read_text().split()
            return [int(pid) for pid in procs if pid != "0"]
    return process_tree(source.pid) if source.pid else []


def oom_kills(source: UsageSource) -> int | None:
    """How many processes of a cgroup the kernel has killed because its memory was used up."""
    if source.kind == "cgroup1":
        path = controller("memory", source.path) / "memory.oom_control"
    elif source.kind == "cgroup2":
        path = _directory(source) / "memory.events"
    else:
        return None
    with suppress(OSError):
        pairs = (line.split() for line in path.read_text().splitlines())
        return next((int(value) for name, value in pairs if name == "oom_kill"), None)
    return None


def _directory(source: UsageSource) -> Path:
    """Where a deployment's cgroup counts CPU time."""
    if source.kind == "cgroup1":
        return controller("cpuacct", source.path)
    return cgroup_root() / source.path.lstrip("/")


class _CgroupReader:
    """One counter file, kept open: reading it again at offset 0 gives its new value."""

    def __init__(self, path: Path) -> None:
        self._in_microseconds = path.name == "cpu.stat"
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._begin_ns: int | None = None
        self._end_ns: int | None = None

    def refresh(self) -> None:
        pass

    def begin(self) -> None:
        self._begin_ns = self._read()

    def end(self) -> None:
        self._end_ns = self._read()

    def used_ns(self) -> int | None:
        return None if self._end_ns is None or self._begin_ns is None else self._end_ns - self._begin_ns

    def _read(self) -> int | None:
        try:
            text = os.pread(self._descriptor, 64, 0)
        except OSError:
            # ENODEV: the cgroup was removed with its container.
            return None
        # cpu.stat begins with the line `usage_usec N`.
        return int(text.split(None, 2)[1]) * 1000 if self._in_microseconds else int(text)

    def close(self) -> None:
        os.close(self._descriptor)


def _memory_of_tree(pid: int) -> tuple[int | None, int | None]:
    current = beyond = 0
    seen = False
    for member in process_tree(pid):
        sizes = _sizes(member, "smaps_rollup", "Pss") | _sizes(member, "status", "VmHWM", "VmRSS")
        if "Pss" in sizes:
            seen = True
            current += sizes["Pss"]
            beyond += max(0, sizes.get("VmHWM", 0) - sizes.get("VmRSS", 0))
    return (current, current + beyond) if seen else (None, None)


def _sizes(pid: int, file: str, *names: str) -> dict[str, int]:
    """Lines of the form `Name:  123 kB` of a file in /proc, in bytes."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, _, value in pairs if name in names}


def cgroup_root() -> Path:
    """Where the cgroups are mounted; for the driver in a container, those of the host."""
    return Path(os.environ.get(CGROUP_ROOT_VARIABLE, "/sys/fs/cgroup"))


def controller(name: str, path: str) -> Path:
    """A cgroup v1 directory; some systems mount cpu and cpuacct together, as `cpu,cpuacct`."""
    mounts = [mount for mount in cgroup_root().glob("*") if name in mount.name.split(",")]
    return (mounts[0] if mounts else cgroup_root() / name) / path.lstrip("/")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
