"""CPU time and memory of a deployment, from its cgroup or its process tree.

Imported by the harness, and by the driver on its hot path: there, inside a container, the host's
cgroups are mounted read-only at the place that `WSGI_BENCH_CGROUP_ROOT` names.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html, processes clock_getcpuclockid(3) and proc(5).
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

import psutil

from bench.model import UsageSource

CGROUP_ROOT_VARIABLE = "WSGI_BENCH_CGROUP_ROOT"
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class UsageReader(Protocol):
    """CPU time of one deployment; differences of two readings are what counts."""

    def cpu_ns(self) -> int:
        """CPU time used so far, user and system, nanoseconds."""
        ...

    def refresh(self) -> None:
        """Look for new processes; to be called outside of counted time."""
        ...

    def close(self) -> None: ...


def open_usage(source: UsageSource) -> UsageReader | None:
    """A reader for the CPU time of a deployment; None where it can't be read."""
    try:
        if source.kind == "cgroup1":
            return _CgroupReader(_controller("cpuacct", source.path) / "cpuacct.usage")
        if source.kind == "cgroup2":
            return _CgroupReader(_root() / source.path.lstrip("/") / "cpu.stat")
        if source.kind == "processes":
            return _ProcessReader(source.pid)
    except OSError:
        return None
    return None


def memory_bytes(source: UsageSource) -> tuple[int | None, int | None]:
    """Current and highest memory of a deployment; None where it can't be read.

    For a cgroup both include the page cache that is charged to it. For processes the current value is
    the sum of their proportional set sizes; the highest adds what each once had resident beyond now.
    """
    if source.kind == "cgroup1":
        directory = _controller("memory", source.path)
        return _number(directory / "memory.usage_in_bytes"), _number(directory / "memory.max_usage_in_bytes")
    if source.kind == "cgroup2":
        directory = _root() / source.path.lstrip("/")
        # memory.peak exists since Linux 5.19.
        return _number(directory / "memory.current"), _number(directory / "memory.peak")
    if source.kind == "processes":
        return _memory_of_tree(source.pid)
    return None, None


class _CgroupReader:
    """One counter file, kept open: reading it again at offset 0 gives its new value."""

    def __init__(self, path: Path) -> None:
        self._in_microseconds = path.name == "cpu.stat"
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._last_ns = 0

    def cpu_ns(self) -> int:
        try:
            text = os.pread(self._descriptor, 64, 0)
        except OSError:
            # ENODEV: the cgroup was removed with its container.
            return self._last_ns
        # cpu.stat begins with the line `usage_usec N`.
        self._last_ns = int(text.split(None, 2)[1]) * 1000 if self._in_microseconds else int(text)
        return self._last_ns

    def refresh(self) -> None:
        pass

    def close(self) -> None:
        os.close(self._descriptor)


class _ProcessReader:
    """The CPU clocks of a process and its descendants.

    A process's clock has nanoseconds and includes its ended threads. A process that has ended keeps
    its last reading. What its parent has collected (cutime and cstime, in ticks of 10 ms) takes the
    place of these where it is more, since it includes processes that came and went between two looks.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._live: dict[int, int] = {}
        self._ended_ns = 0
        self._collected_ns = 0
        self.refresh()

    def cpu_ns(self) -> int:
        total = max(self._ended_ns, self._collected_ns)
        for pid, last in list(self._live.items()):
            try:
                now = time.clock_gettime_ns(_cpu_clock(pid))
            except OSError:
                now = last
            self._live[pid] = now
            total += now
        return total

    def refresh(self) -> None:
        self.cpu_ns()
        tree = process_tree(self._pid)
        for pid in self._live.keys() - set(tree):
            self._ended_ns += self._live.pop(pid)
        self._collected_ns = max(self._collected_ns, sum(map(_collected_ns, tree)))
        for pid in tree:
            self._live.setdefault(pid, 0)
        self.cpu_ns()

    def close(self) -> None:
        pass


def _cpu_clock(pid: int) -> int:
    """The id of a process's CPU clock: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel."""
    return (~pid << 3) | 2


def process_tree(pid: int) -> list[int]:
    """A process and its descendants, as far as they exist."""
    if not Path(f"/proc/{pid}").exists():
        return []
    if not Path(f"/proc/{pid}/task/{pid}/children").exists():
        try:
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        except psutil.NoSuchProcess:
            return []
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def _collected_ns(pid: int) -> int:
    """CPU time of the ended children that a process has waited for: cutime and cstime."""
    try:
        # The process's name, in parentheses, may contain anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[13]) + int(fields[14])) * _TICK_NS


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


def _root() -> Path:
    return Path(os.environ.get(CGROUP_ROOT_VARIABLE, "/sys/fs/cgroup"))


def _controller(name: str, path: str) -> Path:
    """A cgroup v1 directory; some systems mount cpu and cpuacct together, as `cpu,cpuacct`."""
    mounts = [mount for mount in _root().glob("*") if name in mount.name.split(",")]
    return (mounts[0] if mounts else _root() / name) / path.lstrip("/")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
