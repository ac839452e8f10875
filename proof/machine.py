"""The machine that the proof runs on: who may use which CPU, and what else was going on."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.machine import process
from bench.model.errors import MachineError

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        cpu_share: CPU time that it used, as a share of one CPU while it ran.
    """

    output: str
    cpu_share: float


@contextmanager
def staying_on(cpus: Iterable[int]) -> Iterator[None]:
    """Keep to these CPUs within the block, with every child that is started in it, and go back after."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def affinity_restored() -> Iterator[None]:
    """Undo what a run of the harness does to this process's CPUs: the next would find only those left."""
    with staying_on(os.sched_getaffinity(0)):
        yield


def command(
    argv: Sequence[str], cpus: Iterable[int], timeout_s: float, environment: Mapping[str, str] = os.environ
) -> Ended:
    """Run a command on these CPUs to its end.

    Raises:
        MachineError: it failed, or took longer.
    """
    cpu_before, began = _ended_children_s(), time.monotonic()
    child = process.spawn(
        argv,
        environment=environment,
        cwd=ROOT,
        cpus=cpus,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        output = child.communicate(timeout=timeout_s)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise MachineError(f"`{' '.join(argv)}` took longer than {timeout_s:g} s") from None
    finally:
        process.stop(child, signal.SIGKILL, 0.0)
    share = (_ended_children_s() - cpu_before) / (time.monotonic() - began)
    if child.returncode:
        raise MachineError(f"`{' '.join(argv)}` ended with exit code {child.returncode}: {output[-500:]}")
    return Ended(output, share)


class Disturbance:
    """What of the machine others used, from when it is made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._all = psutil.cpu_times()
        self._own_s = self._used_s()

    def words(self) -> str:
        """ "other programs used 3 % of the machine, its host took 0 %", since this was made.

        Children that still run count as others.
        """
        now = psutil.cpu_times()
        wall_s = max(1e-9, time.monotonic() - self._began) * (psutil.cpu_count() or 1)
        busy_s = sum(
            getattr(now, name) - getattr(self._all, name)
            for name in ("user", "nice", "system", "irq", "softirq")
        )
        others = max(0.0, busy_s - (self._used_s() - self._own_s)) / wall_s
        stolen = (getattr(now, "steal", 0.0) - getattr(self._all, "steal", 0.0)) / wall_s
        return f"other programs used {others:.0%} of the machine, its host took {stolen:.0%}"

    def _used_s(self) -> float:
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + _ended_children_s()


def _ended_children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
