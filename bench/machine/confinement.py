"""What running processes may use at most, read from them: not what was asked for, but what holds.

CPUs are those that the kernel says are allowed, within which cpusets are contained; a thread may have others
than its process. Memory, processes and CPU quota are limits of cgroups.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TypeVar

from bench.machine import cgroups, kernel, priority
from bench.machine.place import Place
from bench.model import Confinement

N = TypeVar("N", int, float)


def read(processes: Iterable[int], place: Place) -> Confinement | None:
    """What these may use together: all CPUs of any thread, the loosest limit of any process.

    Returns:
        None where nothing can be read, as of processes that aren't this machine's.
    """
    cpus: set[int] = set()
    groups: dict[str, int] = {}
    processes = list(processes)
    for pid in processes:
        allowed = _cpus(pid, place)
        with suppress(OSError):
            groups[place.of_process(pid, "cgroup")] = pid
            cpus |= allowed
    limits = [_limits(pid, place) for pid in groups.values()]
    if not cpus or not limits or None in limits:
        return None
    memory, tasks, quotas = zip(*filter(None, limits), strict=True)
    return Confinement(
        tuple(sorted(cpus)),
        _loosest(memory),
        _loosest(tasks),
        _loosest(quotas),
        weight=priority.weight(processes, place),
        realtime=priority.realtime(processes, place),
    )


def _cpus(pid: int, place: Place) -> set[int]:
    allowed: set[int] = set()
    with suppress(OSError):
        threads = place.entries(f"/proc/{pid}/task")
        for status in place.texts(f"/proc/{pid}/task/{thread}/status" for thread in threads):
            # One that has ended meanwhile uses none.
            allowed |= set(kernel.allowed_cpus(status or ""))
    return allowed


def _limits(pid: int, place: Place) -> tuple[int | None, int | None, float | None] | None:
    """Of memory, processes and CPU time; None where they aren't shown here."""
    memory, tasks, cpu = (cgroups.seen(name, place, pid) for name in ("memory", "pids", "cpu"))
    if not (memory and tasks and cpu):
        return None
    return cgroups.memory_bytes(place, memory), cgroups.pids(place, tasks), cgroups.quota_cpus(place, cpu)


def _loosest(limits: Iterable[N | None]) -> N | None:
    known = list(limits)
    return None if None in known else max(limit for limit in known if limit is not None)
