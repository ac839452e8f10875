"""CPUs that are kept from going idle: by real processes, and only where that costs nobody anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.machine import priority
from bench.machine.awake import kept_awake, worth_keeping
from bench.machine.place import CGROUPS, HERE, Place
from bench.model import CpuSplit, Generators, Plan
from tests.make_suite import make_suite

APART = CpuSplit((1,), (0,), (0,))
VIRTUAL = {
    "proc/cpuinfo": "flags\t\t: fpu vme hypervisor",
    "proc/self/cgroup": "1:cpu:/\n",
    "proc/self/autogroup": "/autogroup-1 nice 0",
    "proc/sys/kernel/sched_autogroup_enabled": "1",
    f"{CGROUPS.lstrip('/')}/cpu/release_agent": "",
    "sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0",
    "sys/devices/system/cpu/cpu1/topology/thread_siblings_list": "1",
}


def plan_of(**changes: object) -> Plan:
    return replace(make_suite({"gunicorn": 1000.0}).plan, priority=True, **changes)  # type: ignore[arg-type]


def planted(folder: Path, files: Mapping[str, str]) -> Place:
    for name, text in {**VIRTUAL, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Place(root=str(folder))


def test_a_process_that_comes_last_keeps_a_cpu_awake() -> None:
    cpu = HERE.cpus()[0]
    before = {child.pid for child in psutil.Process().children()}
    with kept_awake((cpu,)) as kept:
        assert kept == (cpu,)
        (keeper,) = (child for child in psutil.Process().children() if child.pid not in before)
        assert os.sched_getscheduler(keeper.pid) == os.SCHED_IDLE
        assert keeper.cpu_affinity() == [cpu]
        if priority.by_autogroups(HERE):
            weight = priority.weight([keeper.pid], HERE)
            assert weight is not None
            assert weight < 0.02
    assert not keeper.is_running()


def test_none_is_kept_where_a_process_may_not_come_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take half of the generator's time."""
    # No policy of the kernel's has this number.
    monkeypatch.setattr(os, "SCHED_IDLE", 99)
    before = psutil.Process().children()
    with kept_awake((HERE.cpus()[0],)) as kept:
        assert kept == ()
        assert psutil.Process().children() == before


@pytest.mark.parametrize("runtime", ["local", "compose"])
def test_a_virtual_machine_keeps_its_generators_cpu_awake(tmp_path: Path, runtime: str) -> None:
    machine = planted(tmp_path, {})
    assert worth_keeping(plan_of(runtime=runtime), APART, machine) == (0,)
    two = CpuSplit((2, 3), (0, 1), (0,))
    assert worth_keeping(plan_of(runtime=runtime, processes=2), two, machine) == (0, 1)


@pytest.mark.parametrize(
    ("files", "changes", "cpus"),
    [
        ({"proc/cpuinfo": "flags\t\t: fpu vme"}, {}, APART),
        ({"sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0-1"}, {}, APART),
        ({f"{CGROUPS.lstrip('/')}/cpu/cpu.cfs_quota_us": "150000",
          f"{CGROUPS.lstrip('/')}/cpu/cpu.cfs_period_us": "100000"}, {}, APART),
        ({"proc/sys/kernel/sched_autogroup_enabled": "0"}, {"runtime": "compose"}, APART),
        ({}, {"runtime": "external"}, APART),
        ({}, {"priority": False}, APART),
        ({}, {"generators": Generators(2, "192.0.2.1", 5557)}, APART),
        ({}, {}, CpuSplit((0,), (0,), (0,))),
        ({}, {}, CpuSplit((2, 3), (0, 1), (0,))),
    ],
    ids=["no virtual machine", "threads of one core", "limited time", "containers that it may compete with",
         "targets", "no priority", "generators elsewhere", "one CPU", "more CPUs than generators"],
)  # fmt: skip
def test_where_it_would_cost_somebody_something_none_is(
    tmp_path: Path, files: Mapping[str, str], changes: Mapping[str, object], cpus: CpuSplit
) -> None:
    assert worth_keeping(replace(plan_of(), **changes), cpus, planted(tmp_path, files)) == ()  # type: ignore[arg-type]
