"""Who gets which cores: the server under test, its load generator, Redis.

Cores of one kind on one NUMA node are a group. A server stays within one, since memory and caches are a
node's and a request takes another time on another kind of core; load and Redis are on another one where there
is room. See docs/decisions/096-cpus-of-a-large-machine.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bench.machine.topology import Core
from bench.model import CpuSplit
from bench.model.counted import count, ranges

KEPT_BUSY = 3
"""Of how many of the server's CPUs one CPU makes the load (docs/scale.md has the figures)."""


def deal(cores: Sequence[Core], server: int | None = None, *, elsewhere: bool = False) -> CpuSplit:
    """Deal out cores: no two roles meet on threads of one core, where there are two cores.

    Of two cores the server has one. With more each role has its own, generators as many as keep the server
    busy, and the server the others of its group. A single CPU is everybody's.

    Args:
        server: how many CPUs the server is to have, fewer than there are; None for the usual share.
        elsewhere: whether load is made on other hosts: here one core is for the harness and Redis, and all
            others are the server's.
    """
    if len(cores) == 1:
        # Threads of one core are better apart than nothing.
        dealt = _apart(cores)
        if len(dealt) == 1:
            return CpuSplit(dealt[0].cpus, dealt[0].cpus, dealt[0].cpus)
    else:
        dealt = _in_order(cores, server)
    first = _first_of_server(dealt, server, elsewhere)
    if first == 0:
        dealt = _apart(dealt)
        first = _first_of_server(dealt, server, elsewhere)
    others, (nearest, *rest) = dealt[:first], dealt[first:]
    own = (*nearest.cpus[: server and server - len(_flat(rest))], *_flat(rest))
    makers = 1 if elsewhere else _makers(others, len(own))
    store = others[makers] if makers < len(others) and not elsewhere else others[0]
    split = CpuSplit(own, _flat(others[:makers]), store.cpus)
    return replace(split, notes=tuple(_notes(split, cores, asked=server is not None or elsewhere)))


def _apart(cores: Sequence[Core]) -> list[Core]:
    """Each thread as if it were a core."""
    return [replace(core, cpus=(cpu,)) for core in cores for cpu in core.cpus]


def _in_order(cores: Sequence[Core], server: int | None) -> list[Core]:
    """Cores by group: the server takes its from the end, everybody else from the beginning.

    The last group is one that holds all of the server's CPUs; of several the fastest, the largest, the one of
    the highest node.
    """
    by_group = sorted(cores, key=_group)
    groups = [list(group) for _, group in groupby(by_group, key=_group)]

    def fitness(group: list[Core]) -> tuple[bool, int, int, int]:
        cpus = len(_flat(group))
        return server is not None and cpus >= server, group[0].speed, cpus, group[0].node

    return [core for group in sorted(groups, key=fitness) for core in group]


def _group(core: Core) -> tuple[int, int]:
    return core.speed, core.node


def _first_of_server(cores: Sequence[Core], server: int | None, elsewhere: bool) -> int:
    """From which core on, of those in order, they are the server's: 0 where it would need all of them."""
    if server is not None:
        return next(first for first in reversed(range(len(cores))) if len(_flat(cores[first:])) >= server)
    if elsewhere:
        return 1
    group = next(first for first, core in enumerate(cores) if _group(core) == _group(cores[-1]))
    enough = (first for first in range(group, len(cores)) if _enough(cores[:first], cores[first:]))
    return next(enough, len(cores) - 1)


def _enough(others: Sequence[Core], own: Sequence[Core]) -> bool:
    """Whether there is a core for Redis beside those that make the server's load."""
    return len(_flat(others[:-1])) >= _needed(len(_flat(own)))


def _needed(served: int) -> int:
    return math.ceil(served / KEPT_BUSY)


def _makers(others: Sequence[Core], served: int) -> int:
    """How many of these cores make the load: as many as it takes, if that leaves one for Redis."""
    most = max(1, len(others) - 1)
    needed = _needed(served)
    return next((number for number in range(1, most) if len(_flat(others[:number])) >= needed), most)


def _notes(split: CpuSplit, cores: Sequence[Core], *, asked: bool) -> Iterator[str]:
    """Sentences on what of a split may surprise, or matters for the figures."""
    others = {*split.generator, *split.store}
    own = [core for core in cores if set(core.cpus) & set(split.server)]
    nodes, speeds = sorted({core.node for core in own}), sorted({core.speed for core in own}, reverse=True)
    if len(nodes) > 1:
        yield (
            f"The server's {count(len(split.server), 'CPU')} are of NUMA nodes {ranges(nodes)}: the memory "
            f"of one takes longer to reach from another, so figures depend on where processes of it run."
        )
    if len(speeds) > 1:
        fast = [cpu for core in own if core.speed == speeds[0] for cpu in core.cpus if cpu in split.server]
        slow = sorted({*split.server} - {*fast})
        yield (
            f"The server's CPUs are of {len(speeds)} kinds: {ranges(fast)} are faster than {ranges(slow)}, "
            f"so figures depend on where processes of it run. --server-cpus {len(fast)} gives it those alone."
        )
    if shared := [core for core in own if set(core.cpus) & others]:
        yield (
            f"CPUs {ranges(_flat(shared))} are threads of one core, which slow each other: the server has a "
            f"part of them, its load or Redis the rest, as there is no core left for these."
        )
    beside = {cpu for core in own for cpu in core.cpus} - {*split.server} - others
    if beside:
        yield f"{_cpus(beside)} nobody's, as the other thread of a core of the server's."
    if idle := {*_flat(cores)} - {*split.server} - others - beside:
        why = "asked for no more" if asked else "stays on one kind of cores of one NUMA node"
        yield (
            f"{_cpus(idle)} nobody's: the server {why}, and one CPU makes the load of {KEPT_BUSY} of a "
            f"server's. --server-cpus gives servers more."
        )


def _cpus(numbers: Collection[int]) -> str:
    return f"CPU{'s' * (len(numbers) != 1)} {ranges(numbers)} {'is' if len(numbers) == 1 else 'are'}"


def _flat(cores: Sequence[Core]) -> tuple[int, ...]:
    return tuple(cpu for core in cores for cpu in core.cpus)
