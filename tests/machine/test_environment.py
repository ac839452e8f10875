"""The machine is described, and what a process may use is dealt out."""

from __future__ import annotations

import os

import pytest

from bench.machine.environment import describe, split_cpus
from bench.model import CpuSplit
from bench.model.errors import UsageError


@pytest.mark.parametrize("elsewhere", [False, True])
def test_one_cpu_at_least_is_left_for_the_others(elsewhere: bool) -> None:
    usable = len(os.sched_getaffinity(0))
    others = "harness and Redis" if elsewhere else "load generator"
    with pytest.raises(
        UsageError, match=f"--server-cpus {usable} leaves none of the {usable} .* the {others}"
    ):
        split_cpus(server=usable, elsewhere=elsewhere)


def test_this_process_deals_out_what_it_may_use() -> None:
    split = split_cpus()
    assert {*split.server, *split.generator, *split.store} <= os.sched_getaffinity(0)


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
