"""Whether what servers, load generator and Redis were to be confined to holds for their processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.model import Confined, Role, Suite
from bench.model.counted import ranges

ROLES: tuple[Role, ...] = ("server", "generator", "store")


def readings(suite: Suite, role: Role, deployment: str | None = None) -> list[Confined]:
    """What was read of the processes of a role, in the rounds that count.

    Args:
        deployment: of a server; None for all of them.
    """
    return [
        reading
        for reading in suite.confined
        if reading.role == role
        and reading.round >= suite.plan.counted_from
        and (deployment is None or reading.deployment == deployment)
    ]


def cpus(readings: Iterable[Confined]) -> tuple[int, ...]:
    """All CPUs that these processes were seen to be allowed."""
    return tuple(sorted({cpu for reading in readings if reading.read for cpu in reading.read.cpus}))


def unpinned(readings: Iterable[Confined]) -> list[Confined]:
    """The readings of processes that may run on other CPUs than they were to."""
    return [
        reading
        for reading in readings
        if reading.read and not set(reading.read.cpus) <= set(reading.asked.cpus)
    ]


def unlimited(readings: Iterable[Confined]) -> Iterator[tuple[str, Confined]]:
    """The readings that show another limit not to hold, each with the name of the limit."""
    for reading in readings:
        if reading.read is None:
            continue
        if _above(reading.read.memory_bytes, reading.asked.memory_bytes):
            yield "memory", reading
        if _above(reading.read.pids, reading.asked.pids):
            yield "processes", reading
        asked = reading.asked.quota_cpus or len(reading.read.cpus)
        if reading.read.quota_cpus is not None and reading.read.quota_cpus < 0.99 * asked:
            yield "quota", reading


def unread(readings: Iterable[Confined]) -> list[Confined]:
    """The readings for which no process could be seen."""
    return [reading for reading in readings if reading.read is None]


def listed_cpus(numbers: Sequence[int]) -> str:
    """ "CPU 1", "CPUs 0, 1" """
    return f"CPU{'s' * (len(numbers) != 1)} {ranges(numbers)}"


def _above(read: int | None, asked: int | None) -> bool:
    return asked is not None and (read is None or read > asked)
