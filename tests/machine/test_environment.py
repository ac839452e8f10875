"""Who gets which CPU."""

from __future__ import annotations

import os
from itertools import combinations

import pytest

from bench.machine.environment import deal, deal_to, describe, split_cpus
from bench.model import CpuSplit
from bench.model.errors import UsageError


def roles(split: CpuSplit) -> tuple[set[int], set[int], set[int]]:
    return set(split.server), set(split.generator), set(split.store)


def test_one_cpu_is_shared_by_all() -> None:
    assert deal([(3,)]) == CpuSplit(server=(3,), generator=(3,), store=(3,))


@pytest.mark.parametrize("cores", [[(0,), (1,)], [(0, 1)]])
def test_with_two_the_server_has_one_to_itself(cores: list[tuple[int, ...]]) -> None:
    assert deal(cores) == CpuSplit(server=(1,), generator=(0,), store=(0,))


def test_of_two_cores_the_server_gets_both_threads_of_one() -> None:
    assert deal([(0, 2), (1, 3)]) == CpuSplit(server=(1, 3), generator=(0, 2), store=(0, 2))


def test_with_three_each_role_has_one() -> None:
    assert deal([(0,), (1,), (2,)]) == CpuSplit(server=(2,), generator=(0,), store=(1,))


def test_what_is_over_goes_to_the_server() -> None:
    assert deal([(0,), (1,), (2,), (3,)]) == CpuSplit(server=(2, 3), generator=(0,), store=(1,))


def test_with_eight_the_generator_has_two() -> None:
    split = deal([(cpu,) for cpu in range(8)])
    assert split == CpuSplit(server=(3, 4, 5, 6, 7), generator=(0, 1), store=(2,))


@pytest.mark.parametrize("number", range(3, 33))
@pytest.mark.parametrize("threads", [1, 2])
def test_no_two_roles_meet_on_one_core(number: int, threads: int) -> None:
    """Linux numbers the second threads after all first ones."""
    cores = [tuple(core + number * thread for thread in range(threads)) for core in range(number)]
    dealt = roles(deal(cores))
    assert all(dealt)
    assert set().union(*dealt) == set(range(number * threads)), "every CPU is used"
    for core in cores:
        assert sum(bool(role & set(core)) for role in dealt) == 1
    assert all(not a & b for a, b in combinations(dealt, 2))


@pytest.mark.parametrize(
    ("server", "cores", "expected"),
    [
        (1, [(0,), (1,)], CpuSplit((1,), (0,), (0,))),
        (1, [(0,), (1,), (2,), (3,)], CpuSplit((3,), (0, 1), (2,))),
        (3, [(0,), (1,), (2,), (3,)], CpuSplit((1, 2, 3), (0,), (0,))),
        # The sibling of CPU 2 is nobody's.
        (1, [(0, 4), (1, 5), (2, 6)], CpuSplit((2,), (0, 4), (1, 5))),
        (2, [(0, 4), (1, 5), (2, 6)], CpuSplit((2, 6), (0, 4), (1, 5))),
        (3, [(0, 2), (1, 3)], CpuSplit((2, 1, 3), (0,), (0,))),
    ],
)
def test_the_server_has_as_many_as_were_asked_for(
    server: int, cores: list[tuple[int, ...]], expected: CpuSplit
) -> None:
    assert deal_to(server, cores) == expected


def test_one_cpu_at_least_is_the_generator_s() -> None:
    usable = len(os.sched_getaffinity(0))
    with pytest.raises(UsageError, match=f"--server-cpus {usable} leaves none of the {usable} CPUs"):
        split_cpus(server=usable)


def test_this_process_deals_out_what_it_may_use() -> None:
    assert set().union(*roles(split_cpus())) == os.sched_getaffinity(0)


def test_the_machine_is_described() -> None:
    found = describe(
        runtime="local",
        docker=None,
        versions={"gunicorn": "1"},
        images={},
        cpu_split=CpuSplit((1,), (0,), (0,)),
        notes=("swap: 1 GB in use",),
    )
    assert found.notes == ("swap: 1 GB in use",)
    assert found.versions["gunicorn"] == "1"
    assert {"locust", "hdrhistogram"} <= found.versions.keys()
    assert found.cpus >= 1
    assert found.memory_bytes > 1 << 20
    assert all((found.cpu_model, found.kernel, found.os, found.host, found.python))
