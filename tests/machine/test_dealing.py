"""Who gets which cores."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from bench.machine.dealing import KEPT_BUSY, deal
from bench.machine.topology import Core
from bench.model import CpuSplit
from bench.model.counted import ranges


def made(*cores: tuple[int, ...]) -> list[Core]:
    return [Core(cpus) for cpus in cores]


def roles(split: CpuSplit) -> tuple[set[int], set[int], set[int]]:
    return set(split.server), set(split.generator), set(split.store)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_one_cpu_is_shared_by_all(elsewhere: bool) -> None:
    assert deal(made((3,)), elsewhere=elsewhere) == CpuSplit(server=(3,), generator=(3,), store=(3,))


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("cores", [made((0,), (1,)), made((0, 1))])
def test_with_two_the_server_has_one_to_itself(cores: list[Core], elsewhere: bool) -> None:
    split = deal(cores, elsewhere=elsewhere)
    assert split == CpuSplit(server=(1,), generator=(0,), store=(0,))
    assert bool(split.notes) == (len(cores) == 1), "threads of one core that two roles share are said"


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        # Of two cores both threads are the server's.
        (made((0, 2), (1, 3)), CpuSplit((1, 3), (0, 2), (0, 2))),
        (made((0,), (1,), (2,)), CpuSplit((2,), (0,), (1,))),
        (made((0,), (1,), (2,), (3,)), CpuSplit((2, 3), (0,), (1,))),
        (made(*((cpu,) for cpu in range(8))), CpuSplit((3, 4, 5, 6, 7), (0, 1), (2,))),
        (made(*((cpu,) for cpu in range(16))), CpuSplit(tuple(range(5, 16)), (0, 1, 2, 3), (4,))),
        (made(*((cpu,) for cpu in range(64))), CpuSplit(tuple(range(17, 64)), tuple(range(16)), (16,))),
    ],
)
def test_the_usual_share(cores: list[Core], expected: CpuSplit) -> None:
    split = deal(cores)
    assert split == expected
    assert not split.notes


@pytest.mark.parametrize(
    ("server", "cores", "expected", "note"),
    [
        (1, made((0,), (1,)), CpuSplit((1,), (0,), (0,)), ""),
        (2, made((0,), (1,), (2,), (3,)), CpuSplit((2, 3), (0,), (1,)), ""),
        (3, made((0,), (1,), (2,), (3,)), CpuSplit((1, 2, 3), (0,), (0,)), ""),
        (
            1,
            made((0,), (1,), (2,), (3,)),
            CpuSplit((3,), (0,), (1,)),
            "CPU 2 is nobody's: the server asked for",
        ),
        (1, made((0, 4), (1, 5), (2, 6)), CpuSplit((2,), (0, 4), (1, 5)), "CPU 6 is nobody's, as the other"),
        (2, made((0, 4), (1, 5), (2, 6)), CpuSplit((2, 6), (0, 4), (1, 5)), ""),
        (
            3,
            made((0, 2), (1, 3)),
            CpuSplit((2, 1, 3), (0,), (0,)),
            "CPUs 0, 2 are threads of one core, which",
        ),
    ],
)
def test_the_server_has_as_many_as_were_asked_for(
    server: int, cores: list[Core], expected: CpuSplit, note: str
) -> None:
    split = deal(cores, server)
    assert split == expected
    assert [sentence.startswith(note) for sentence in split.notes] == ([True] if note else [])


def test_with_load_from_elsewhere_all_but_a_core_are_the_servers() -> None:
    cores = made(*((core, core + 32) for core in range(32)))
    split = deal(cores, elsewhere=True)
    assert (split.generator, split.store) == ((0, 32), (0, 32))
    assert set(split.server) == set(range(64)) - {0, 32}
    assert not split.notes
    assert deal(cores, 8, elsewhere=True).server == (28, 60, 29, 61, 30, 62, 31, 63)


def drawn(random_: random.Random) -> list[Core]:
    """A machine of up to 4 nodes and 3 kinds of cores, with holes, and threads that may not be used."""
    numbers = iter(sorted(random_.sample(range(1_000), 400)))
    threads = random_.choice([1, 1, 2, 2, 4])
    cores = []
    for node in random_.sample(range(9), random_.randint(1, 4)):
        for speed in random_.sample([0, 400, 1024], random_.choice([1, 1, 1, 2, 3])):
            for _ in range(random_.randint(1, 8)):
                cpus = tuple(next(numbers) for _ in range(threads))
                usable = cpus if random_.random() < 0.9 else cpus[: random_.randint(1, threads)]
                cores.append(Core(usable, node, speed))
    return cores


def require_good(split: CpuSplit, cores: Sequence[Core], asked: int | None, *, elsewhere: bool) -> None:
    """What holds of any machine of two CPUs or more."""
    server, generator, store = roles(split)
    others, said = generator | store, " ".join(split.notes)
    every = {cpu for core in cores for cpu in core.cpus}
    own = [core for core in cores if server & {*core.cpus}]
    free = [core for core in cores if core not in own]

    assert server
    assert generator
    assert store
    assert not server & others
    assert len(split.server) == len(server) == (asked or len(server))
    # No two roles meet on a core while there is one that the server doesn't need.
    meeting = any(others & {*core.cpus} for core in own)
    assert meeting == (not free) == ("slow each other" in said)
    assert bool(generator & store) == (elsewhere or len(free) == 1 or len(every - server) == 1)

    assert ("nobody's" in said) == bool(every - server - others)
    nodes, kinds = {core.node for core in own}, {core.speed for core in own}
    assert (f"NUMA nodes {ranges(nodes)}:" in said) == (len(nodes) > 1)
    assert (f"of {len(kinds)} kinds" in said) == (len(kinds) > 1)
    groups = Counter[tuple[int, int]]()
    for core in cores:
        groups[core.node, core.speed] += len(core.cpus)
    if (asked or not elsewhere) and max(groups.values()) >= (asked or 0) and not meeting:
        assert len(nodes) == len(kinds) == 1

    if elsewhere:
        return
    # Enough generators, but not a core more than that.
    if asked is None and len(cores) > 2:
        assert len(generator) * KEPT_BUSY >= len(server)
    most = max(len(core.cpus) for core in cores)
    assert (len(generator) - most) * KEPT_BUSY < len(server)


def test_what_holds_of_any_machine() -> None:
    for seed in range(1_000):
        random_ = random.Random(seed)
        cores = [*drawn(random_), Core((1_000,))]
        number = sum(len(core.cpus) for core in cores)
        asked = random_.choice([None, random_.randint(1, number - 1)])
        elsewhere = random_.random() < 0.3
        require_good(deal(cores, asked, elsewhere=elsewhere), cores, asked, elsewhere=elsewhere)
