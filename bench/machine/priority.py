"""How the programs of a run come before whatever else uses the CPUs: what they ask the kernel for, and have.

Each session has an autogroup, and CPU time is shared out among those first, so that `nice` counts only
within one (sched(7), "The autogroup feature"). Autogroups are those of the root cgroup's processes; in others
the weight of the cgroup counts (`cpu.shares`, `cpu.weight`).
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.machine import cgroups, kernel
from bench.machine.place import HERE, Place
from bench.model import CpuSplit, Role

NICE = -15
"""Of the autogroup of everything that a run starts."""
_USUAL = {"cpu.shares": 1024, "cpu.weight": 100}
_STEP = 1.25
WEIGHT = round(_STEP**-NICE, 2)
"""The share of a contended CPU that `NICE` gives, as a multiple of another program's."""
_CAP_SYS_NICE = 23
# SCHED_FIFO and SCHED_RR (sched.h).
_REALTIME = (1, 2)
# Without having slept once meanwhile; the longest trials that leave no time to sleep take a few seconds.
_SPIN_S = 20
_SPIN_MOST_S = 40
_LAST_NICE = 19
_ASK_S = 1.0
_AGAIN_S = 0.02


@dataclass(frozen=True)
class Priority:
    """What a process asks for before it becomes the program that it is to be. What isn't permitted is left.

    Attributes:
        nice: of its session's autogroup; 0 asks for nothing.
        realtime: whether it comes before every other program of its CPU (SCHED_FIFO).
    """

    nice: int = 0
    realtime: bool = False

    def take(self) -> None:
        """Ask for it: to be called by the process itself, which leads its session."""
        if self.nice:
            with suppress(OSError):
                Path("/proc/self/autogroup").write_text(str(self.nice))
        if self.realtime:
            # A process that spins is to be stopped by the kernel, even if nobody else gets to run.
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_RTTIME, (_SPIN_S * 1_000_000, _SPIN_MOST_S * 1_000_000))
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


NONE = Priority()


def of(role: Role, cpus: CpuSplit, place: Place = HERE) -> Priority:
    """What a process of this role is to ask for: the same `nice` for all, and real time beside it for the
    generator and Redis, which have one priority so that neither interrupts the other.

    They have it only on CPUs of their own, and where the kernel limits it: they would starve a server that
    shares their CPU, or the whole machine.
    """
    return Priority(NICE, role != "server" and cpus.apart and _throttles(place))


def come_last(pid: int) -> bool:
    """Have another process, which leads its session, run only where no other wants to.

    Returns:
        Whether the kernel does; it lets ordinary users ask for an autogroup once in a tenth of a second.
    """
    until = time.monotonic() + _ASK_S
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        while time.monotonic() < until:
            try:
                Path(f"/proc/{pid}/autogroup").write_text(str(_LAST_NICE))
                return True
            except BlockingIOError:
                time.sleep(_AGAIN_S)
    return False


def come_as_others(pid: int) -> None:
    """Undo it, as far as that is permitted, and let the process run on every CPU: it may end sooner so."""
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(pid, os.sched_getaffinity(0))
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))


def take_after_parent() -> None:
    """Ask for what the parent's session has, where this process leads one of its own."""
    nice = _nice(os.getppid(), HERE)
    if nice:
        Priority(nice).take()


def give_way() -> None:
    """Be an ordinary process again."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def give_way_if_spinning() -> None:
    """Be an ordinary process from the moment at which the kernel says that this one never sleeps."""
    signal.signal(signal.SIGXCPU, lambda *_: give_way())


def by_autogroups(place: Place) -> bool:
    """Whether CPU time is shared out by autogroups first, so that what is asked of one counts."""
    return not _levels("self", place) and _autogroups(place)


def permitted(place: Place) -> bool | None:
    """Whether this process may raise an autogroup; None where that would change nothing."""
    if not by_autogroups(place):
        return None
    with suppress(OSError, StopIteration, ValueError):
        rows = place.of_process("self", "status").splitlines()
        held = int(next(row.split()[1] for row in rows if row.startswith("CapEff:")), 16)
        return bool(held >> _CAP_SYS_NICE & 1)
    return None


def realtime(processes: Iterable[int], place: Place) -> bool:
    """Whether all of these, and at least one, come before every ordinary program."""
    stats = place.texts(f"/proc/{pid}/stat" for pid in processes)
    # proc(5): the policy is the 41st field, and the 39th after the name, in parentheses.
    policies = [int(stat.rpartition(")")[2].split()[38]) for stat in stats if stat]
    return bool(policies) and all(policy in _REALTIME for policy in policies)


def weight(processes: Iterable[int], place: Place) -> float | None:
    """The least share of a contended CPU that one of these has, as a multiple of another program's.

    Returns:
        None where it can't be read.
    """
    read = [_weight(pid, place) for pid in processes]
    known = [one for one in read if one is not None]
    return round(min(known), 2) if known else None


def _weight(pid: int, place: Place) -> float | None:
    if not place.lives(pid):
        return None
    levels = _levels(pid, place)
    if levels:
        return min(levels)
    nice = _nice(pid, place)
    return None if nice is None else _STEP**-nice if _autogroups(place) else 1.0


def _levels(pid: int | str, place: Place) -> list[float]:
    """The weights of a process's cgroup and of those above it: each shares out what the next one got."""
    weights = []
    for directory in cgroups.seen("cpu", place, pid):
        # Only the root of version 1 has a release agent; that of version 2 has no weight.
        if not place.exists(directory / "release_agent"):
            weights += [
                int(said[0]) / usual
                for name, usual in _USUAL.items()
                if (said := cgroups.words(place, directory / name))
            ]
    return weights


def _nice(pid: int, place: Place) -> int | None:
    """Of a process's autogroup, as in `/autogroup-123 nice -5`; None where there are none."""
    words = (place.text(f"/proc/{pid}/autogroup") or "").split()
    return int(words[2]) if len(words) == 3 else None


def _autogroups(place: Place) -> bool:
    return kernel.sysctl(place, "kernel/sched_autogroup_enabled") == 1


def _throttles(place: Place) -> bool:
    """Whether the kernel keeps a part of each CPU for ordinary programs (sched(7))."""
    most = kernel.sysctl(place, "kernel/sched_rt_runtime_us")
    period = kernel.sysctl(place, "kernel/sched_rt_period_us")
    return most is not None and period is not None and 0 < most < period
