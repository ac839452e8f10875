"""A second in the life of this machine: who else uses its CPUs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psutil

from bench.machine import counters
from bench.machine.place import HERE

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
    used = [
        Busy(name, process.pid, (now - processes[process][1]) / elapsed)
        for process, (name, now) in cpu_of_processes().items()
        if process in processes and process.pid != os.getpid()
    ]
    used.sort(key=lambda process: process.cpus, reverse=True)
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


def cpu_of_processes() -> dict[psutil.Process, tuple[str, float]]:
    """Each process that may be seen -> its name and CPU seconds.

    psutil tells one from another of the same number by the time since boot at which it began; `create_time`
    moves with the wall clock.
    """
    seconds = {}
    # It keeps what it knows of a number, also when another process has it by now.
    psutil.process_iter.cache_clear()
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                times = process.cpu_times()
                seconds[process] = printable(process.name()), times.user + times.system
        except psutil.Error:
            continue
    return seconds
