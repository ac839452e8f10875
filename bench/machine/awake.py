"""CPUs of a virtual machine that don't go idle, so that what is due on them runs at once.

A virtual CPU that has nothing to do is taken off its host's CPU, and may be back milliseconds after it has
something: see docs/decisions/107-a-generator-that-stays-awake.md.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.machine import cgroups, kernel, priority, process
from bench.machine.interrupt import shield
from bench.machine.place import Place
from bench.model import CpuSplit, Plan

_SPIN = "while True: pass"
_END_S = 5.0
# Before 6.15 whoever runs keeps a CPU for milliseconds, however little it weighs (f553741ac8c0, "sched:
# Cancel the slice protection of the idle entity").
_LETS_OTHERS_IN = (6, 15)


def worth_keeping(plan: Plan, cpus: CpuSplit, place: Place) -> tuple[int, ...]:
    """The generator's CPUs, if they are a virtual machine's and to keep them awake costs nobody anything.

    It would where something else is on them that isn't the run's own, as a target; where CPU time isn't
    shared out by autogroups first, of which this one comes last; where the server has the other thread of a
    core; and where CPU time is limited for all that runs here together.
    """
    if not plan.priority or not cpus.apart or plan.runtime == "external" or plan.generators is not None:
        return ()
    if place.elsewhere or not priority.by_autogroups(place) or not _lets_others_in(plan, cpus, place):
        return ()
    # A generator would share the time of a core with what keeps its other threads awake.
    whole = all(kernel.listed(kernel.siblings(place, cpu)) == {cpu} for cpu in cpus.generator)
    if not whole or plan.processes < len(cpus.generator) or not kernel.hypervisor(place):
        return ()
    limited = cgroups.quota_cpus(place, cgroups.seen("cpu", place)) is not None
    return () if limited else cpus.generator


def _lets_others_in(plan: Plan, cpus: CpuSplit, place: Place) -> bool:
    """Whether a generator gets a CPU at once that such a process is on: in real time always."""
    if plan.runtime == "local" and priority.of("generator", cpus, place).realtime:
        return bool(priority.permitted(place))
    return kernel.release(place) >= _LETS_OTHERS_IN


@contextmanager
def kept_awake(cpus: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """Keep CPUs awake while the block lasts, by a process on each that runs where no other wants to.

    Yields:
        Those that are: none where no process can be started, or the kernel has none come last.
    """
    keeping: dict[int, subprocess.Popen[bytes]] = {}
    try:
        for cpu in cpus:
            with shield(), suppress(OSError, subprocess.SubprocessError):
                keeping[cpu] = process.spawn(
                    [sys.executable, "-S", "-E", "-c", _SPIN],
                    environment=os.environ,
                    cwd=Path.cwd(),
                    cpus=(cpu,),
                )
        for cpu in [cpu for cpu, child in keeping.items() if not priority.come_last(child.pid)]:
            _end([keeping[cpu]])
            del keeping[cpu]
        yield tuple(keeping)
    finally:
        _end(keeping.values())


def _end(children: Collection[subprocess.Popen[bytes]]) -> None:
    with shield():
        for child in children:
            priority.come_as_others(child.pid)
        process.stop_all([(child, signal.SIGKILL, _END_S) for child in children])
