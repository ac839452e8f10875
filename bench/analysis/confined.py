"""Whether what servers, load generator and Redis were to be confined to holds for their processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.model import Confined, Role, Suite

ROLES: tuple[Role, ...] = ("server", "generator", "store")


def readings(suite: Suite, role: Role, deployment: str | None = None) -> list[Confined]:
    """What was read in the rounds that count.

    Args:
        deployment: of a server; None for all of them.
    """
    return [
        one
        for one in suite.confined
        if one.role == role
        and one.round >= suite.plan.counted_from
        and (deployment is None or one.deployment == deployment)
    ]


def cpus(found: Iterable[Confined]) -> tuple[int, ...]:
    """All that these were seen to be allowed."""
    return tuple(sorted({cpu for one in found if one.read for cpu in one.read.cpus}))


def unpinned(found: Iterable[Confined]) -> list[Confined]:
    """Those that may run on other CPUs than they were to."""
    return [one for one in found if one.read and not set(one.read.cpus) <= set(one.asked.cpus)]


def unlimited(found: Iterable[Confined]) -> Iterator[tuple[str, Confined]]:
    """Those whose other limits don't hold, each with the name of the limit."""
    for one in found:
        if one.read is None:
            continue
        if _above(one.read.memory_bytes, one.asked.memory_bytes):
            yield "memory", one
        if _above(one.read.pids, one.asked.pids):
            yield "processes", one
        if one.read.quota_cpus is not None and one.read.quota_cpus < len(one.read.cpus):
            yield "quota", one


def unread(found: Iterable[Confined]) -> list[Confined]:
    """Those whose processes couldn't be seen."""
    return [one for one in found if one.read is None]


def listed_cpus(found: Sequence[int]) -> str:
    """ "CPU 1", "CPUs 0, 1" """
    return f"CPU{'s' * (len(found) != 1)} {', '.join(map(str, found))}"


def _above(read: int | None, asked: int | None) -> bool:
    return asked is not None and (read is None or read > asked)
