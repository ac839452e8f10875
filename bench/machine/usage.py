"""CPU time and memory of a deployment, from its cgroup or its process tree.

Imported by the harness, and by the driver on its hot path.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, cgroup v2
https://docs.kernel.org/admin-guide/cgroup-v2.html, processes clock_getcpuclockid(3) and proc(5).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Protocol

from bench.machine import cgroups
from bench.machine.place import Place
from bench.machine.processtree import TreeReader, process_tree
from bench.model import UsageSource

# By the kind of a cgroup, its file of CPU time.
_COUNTER = {"cgroup1": "cpuacct.usage", "cgroup2": "cpu.stat"}


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


def open_usage(source: UsageSource, place: Place) -> UsageReader | None:
    """A reader for the CPU time of a deployment; None where it can't be read."""
    try:
        if source.kind in _COUNTER:
            return _CgroupReader(place, _directory(source, place) / _COUNTER[source.kind])
        if source.kind == "processes" and place.exists("/proc/self/stat"):
            return TreeReader(source.pid, place)
    except OSError:
        return None
    return None


def readable(source: UsageSource, place: Place) -> bool:
    """Whether the CPU time of a cgroup can be read there."""
    return place.text(_directory(source, place) / _COUNTER[source.kind]) is not None


def memory_bytes(source: UsageSource, place: Place) -> tuple[int | None, int | None]:
    """Current and highest memory of a deployment; None where it can't be read.

    For a cgroup both include the page cache that is charged to it. For processes the current value is
    the sum of their proportional set sizes; the highest adds what each once had resident beyond now.
    """
    if source.kind == "cgroup1":
        directory = _below(cgroups.mount("memory", place), source)
        current, highest = "memory.usage_in_bytes", "memory.max_usage_in_bytes"
        return _number(place, directory / current), _number(place, directory / highest)
    if source.kind == "cgroup2":
        directory = _directory(source, place)
        # memory.peak exists since Linux 5.19.
        return _number(place, directory / "memory.current"), _number(place, directory / "memory.peak")
    if source.kind == "processes":
        return memory_of(process_tree(source.pid, place), place)
    return None, None


def members(source: UsageSource, place: Place) -> list[int]:
    """The processes of a deployment; none where they can't be seen from here."""
    if source.kind in ("cgroup1", "cgroup2"):
        with suppress(OSError):
            # 0 stands for one that this namespace of processes has no number for.
            procs = place.read(_directory(source, place) / "cgroup.procs").split()
            return [int(pid) for pid in procs if pid != "0"]
    return process_tree(source.pid, place) if source.pid else []


def oom_kills(source: UsageSource, place: Place) -> int | None:
    """How many processes of a cgroup the kernel has killed because its memory was used up."""
    if source.kind == "cgroup1":
        path = _below(cgroups.mount("memory", place), source) / "memory.oom_control"
    elif source.kind == "cgroup2":
        path = _directory(source, place) / "memory.events"
    else:
        return None
    with suppress(OSError):
        pairs = (line.split() for line in place.read(path).splitlines())
        return next((int(value) for name, value in pairs if name == "oom_kill"), None)
    return None


def throttled_s(source: UsageSource, place: Place) -> float | None:
    """For how long a quota has held back the processes of a cgroup."""
    if source.kind == "cgroup1":
        path, name, unit_s = _below(cgroups.mount("cpu", place), source), "throttled_time", 1e-9
    elif source.kind == "cgroup2":
        path, name, unit_s = _directory(source, place), "throttled_usec", 1e-6
    else:
        return None
    with suppress(OSError):
        pairs = (line.split() for line in place.read(path / "cpu.stat").splitlines())
        return next((int(value) * unit_s for key, value in pairs if key == name), None)
    return None


def _directory(source: UsageSource, place: Place) -> PurePosixPath:
    """Where a deployment's cgroup counts CPU time."""
    second = source.kind == "cgroup2"
    return _below(PurePosixPath(place.cgroups) if second else cgroups.mount("cpuacct", place), source)


def _below(mount: PurePosixPath, source: UsageSource) -> PurePosixPath:
    return mount / source.path.lstrip("/")


class _CgroupReader:
    """One counter file, kept open: reading it again at offset 0 gives its new value."""

    def __init__(self, place: Place, path: PurePosixPath) -> None:
        self._in_microseconds = path.name == "cpu.stat"
        self._descriptor = place.open(path)
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


def memory_of(processes: Iterable[int], place: Place) -> tuple[int | None, int | None]:
    """As `memory_bytes`, of these processes."""
    current = beyond = 0
    seen = False
    for member in processes:
        shared = _sizes(place, member, "smaps_rollup", "Pss")
        sizes = shared | _sizes(place, member, "status", "VmHWM", "VmRSS")
        if "Pss" in sizes:
            seen = True
            current += sizes["Pss"]
            beyond += max(0, sizes.get("VmHWM", 0) - sizes.get("VmRSS", 0))
    return (current, current + beyond) if seen else (None, None)


def _sizes(place: Place, pid: int, file: str, *names: str) -> dict[str, int]:
    """Lines of the form `Name:  123 kB` of a file in /proc, in bytes."""
    try:
        lines = place.of_process(pid, file).splitlines()
    except OSError:
        return {}
    pairs = (line.partition(":") for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, _, value in pairs if name in names}


def _number(place: Place, path: PurePosixPath) -> int | None:
    try:
        return int(place.read(path))
    except (OSError, ValueError):
        return None
