"""A second in the life of this machine: who else uses its CPUs."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from bench.machine import counters
from bench.machine.place import HERE, Place
from bench.machine.spent import Seen, spent

Numbered = psutil.Process | Seen
_LENGTH_S = 1.0
_NAMED = 3
_WORTH_NAMING_CPUS = 0.01
# What psutil.cpu_times() has of these; guest time is part of user time.
_BUSY = ("user", "nice", "system", "irq", "softirq")


@dataclass(frozen=True)
class Busy:
    """A process that used CPU time.

    Attributes:
        cpus: its CPU time over the sampled time; 1 is one CPU all the time.
    """

    name: str
    pid: int
    cpus: float


@dataclass(frozen=True)
class Used:
    """What a process has used since it began.

    Attributes:
        parent: the number of its parent.
        collected_s: CPU seconds of its ended children, and theirs, that it has waited for.
    """

    name: str
    parent: int
    own_s: float
    collected_s: float


@dataclass(frozen=True)
class Sample:
    """What was seen in about a second.

    Attributes:
        others_cpus: CPU time of everything but this process, interrupts included, over the sampled time.
        top: the processes that used most.
        steal_share: CPU time that the hypervisor gave to others, as a share of all; None if not readable.
    """

    others_cpus: float
    top: tuple[Busy, ...]
    steal_share: float | None


def take_sample() -> Sample:
    """Watch for a second."""
    processes, busy, host, own = cpu_of_processes(), _busy_s(), counters.read_host(HERE), time.process_time()
    began = time.monotonic()
    time.sleep(_LENGTH_S)
    elapsed = time.monotonic() - began
    others = _busy_s() - busy - (time.process_time() - own)
    steal = counters.difference(host, counters.read_host(HERE)).get("steal_s")
    used = [process for process in busy_since(processes, elapsed) if process.pid != os.getpid()]
    return Sample(
        others_cpus=max(0.0, others / elapsed),
        top=tuple(process for process in used[:_NAMED] if process.cpus >= _WORTH_NAMING_CPUS),
        steal_share=None if steal is None else steal / elapsed / (psutil.cpu_count() or 1),
    )


def printable(text: str) -> str:
    """A name that somebody else chose, without control characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in _BUSY))


def busy_since(before: Mapping[Numbered, Used], elapsed_s: float, place: Place = HERE) -> list[Busy]:
    """Who has used how much since a moment, the busiest first; what a process has started and collected since
    counts as its own, since a compiler is made of processes that live shorter than any look takes.

    Args:
        before: what `cpu_of_processes` said then.
    """
    now = cpu_of_processes(place)
    # What those had used by then whose ancestors have collected them meanwhile.
    earlier_s: dict[int, float] = defaultdict(float)
    ended = {process.pid: used for process, used in before.items() if process not in now}
    for used in ended.values():
        heir = used.parent
        while heir in ended:
            heir = ended[heir].parent
        earlier_s[heir] += used.own_s + used.collected_s
    found = []
    for process, used in now.items():
        if process in before:
            was = before[process]
            collected_s = used.collected_s - was.collected_s - earlier_s[process.pid]
            used_s = used.own_s - was.own_s + max(0.0, collected_s)
            found.append(Busy(used.name, process.pid, used_s / elapsed_s))
    return sorted(found, key=lambda process: -process.cpus)


def cpu_of_processes(place: Place = HERE) -> dict[Numbered, Used]:
    """What each process that may be seen has used.

    psutil tells one from another of the same number by the time since boot at which it began; `create_time`
    moves with the wall clock.
    """
    seconds: dict[Numbered, Used] = {}
    if place.elsewhere:
        for process, used in spent(place).items():
            seconds[process] = Used(printable(used.name), used.parent, used.own_s, used.collected_s)
        return seconds
    # It keeps what it knows of a number, also when another process has it by now.
    psutil.process_iter.cache_clear()
    for each in psutil.process_iter():
        try:
            with each.oneshot():
                times = each.cpu_times()
                collected_s = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                name = printable(each.name())
                seconds[each] = Used(name, each.ppid(), times.user + times.system, collected_s)
        except psutil.Error:
            continue
    return seconds
