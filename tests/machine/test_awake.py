"""CPUs that are kept from going idle: by real processes, and only where that costs nobody anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.machine import priority, process
from bench.machine.awake import kept_awake, worth_keeping
from bench.machine.place import CGROUPS, HERE, About, Place
from bench.model import CpuSplit, Generators, Plan
from bench.model.errors import Interrupted
from tests.make_suite import make_suite

APART = CpuSplit((1,), (0,), (0,))
CPU = f"{CGROUPS.lstrip('/')}/cpu"
VIRTUAL = {
    "proc/cpuinfo": "flags\t\t: fpu vme hypervisor",
    "proc/self/cgroup": "1:cpu:/\n",
    "proc/self/autogroup": "/autogroup-1 nice 0",
    "proc/self/status": "CapEff:\t000001ffffffffff",
    "proc/sys/kernel/osrelease": "6.18.44-cloud",
    "proc/sys/kernel/sched_autogroup_enabled": "1",
    "proc/sys/kernel/sched_rt_runtime_us": "950000",
    "proc/sys/kernel/sched_rt_period_us": "1000000",
    f"{CPU}/release_agent": "",
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


def keepers(before: Collection[psutil.Process]) -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child not in before]


def test_processes_that_come_last_keep_cpus_awake() -> None:
    before = psutil.Process().children()
    with kept_awake(HERE.cpus()) as kept:
        assert kept == HERE.cpus()
        keeping = keepers(before)
        assert [keeper.cpu_affinity() for keeper in keeping] == [[cpu] for cpu in HERE.cpus()]
        for keeper in keeping:
            assert os.sched_getscheduler(keeper.pid) == os.SCHED_IDLE
            if priority.by_autogroups(HERE):
                assert priority.weight([keeper.pid], HERE) == pytest.approx(1.25**-19, abs=0.01)
    assert not any(keeper.is_running() for keeper in keeping)


def test_ordinary_users_keep_theirs_awake_as_well() -> None:
    """The kernel lets them ask for one autogroup at a time."""
    # Without capabilities root is an ordinary user to the kernel, and with SECBIT_NOROOT it stays one through
    # execve: capset(2), capabilities(7).
    code = (
        "import ctypes, psutil\n"
        "from bench.machine import priority\n"
        "from bench.machine.awake import kept_awake\n"
        "from bench.machine.place import HERE\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.prctl(28, 1)\n"
        "libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())\n"
        "assert not priority.permitted(HERE)\n"
        "with kept_awake(HERE.cpus()) as kept:\n"
        "    weights = {priority.weight([child.pid], HERE) for child in psutil.Process().children()}\n"
        "    print(kept == HERE.cpus(), weights)\n"
    )
    said = process.run([sys.executable, "-c", code])
    assert said.split()[0] == "True"
    if priority.by_autogroups(HERE):
        assert said.split(maxsplit=1)[1].strip() == "{0.01}"


def test_none_is_kept_where_a_process_may_not_come_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take half of the generator's time."""
    # No policy of the kernel's has this number.
    monkeypatch.setattr(os, "SCHED_IDLE", 99)
    before = psutil.Process().children()
    with kept_awake(HERE.cpus()) as kept:
        assert kept == ()
        assert not keepers(before)


def test_none_is_left_where_the_second_could_not_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    before = psutil.Process().children()
    started: list[object] = []

    def broken_off(pid: int) -> bool:
        started.append(pid)
        raise Interrupted("stopped by SIGINT")

    monkeypatch.setattr(priority, "come_last", broken_off)
    with pytest.raises(Interrupted), kept_awake(HERE.cpus()):
        pass
    assert started
    assert not keepers(before)


@pytest.mark.parametrize("runtime", ["local", "compose"])
def test_a_virtual_machine_keeps_its_generators_cpu_awake(tmp_path: Path, runtime: str) -> None:
    machine = planted(tmp_path, {})
    another = replace(machine, about=About("other", "Debian", "Linux 6.18", 2, 1 << 30, "1"))
    assert worth_keeping(plan_of(runtime=runtime), APART, another) == ()
    assert worth_keeping(plan_of(runtime=runtime), APART, machine) == (0,)
    older = planted(tmp_path, {"proc/sys/kernel/osrelease": "6.12.9"})
    assert worth_keeping(plan_of(runtime=runtime), APART, older) == ((0,) if runtime == "local" else ())
    two = CpuSplit((2, 3), (0, 1), (0,))
    machine = planted(tmp_path, {})
    assert worth_keeping(plan_of(runtime=runtime, processes=2), two, machine) == (0, 1)
    assert worth_keeping(plan_of(runtime=runtime, processes=2), APART, machine) == (0,)


@pytest.mark.parametrize(
    ("files", "changes", "cpus"),
    [
        ({"proc/cpuinfo": "flags\t\t: fpu vme"}, {}, APART),
        ({"sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0-1"}, {}, APART),
        ({f"{CPU}/cpu.cfs_quota_us": "150000", f"{CPU}/cpu.cfs_period_us": "100000"}, {}, APART),
        ({"proc/sys/kernel/sched_autogroup_enabled": "0"}, {}, APART),
        ({"proc/self/cgroup": "1:cpu:/unit\n", f"{CPU}/unit/cpu.shares": "1024"}, {}, APART),
        ({"proc/self/cgroup": "0::/unit\n", f"{CGROUPS.lstrip('/')}/cgroup.controllers": "cpu",
          f"{CGROUPS.lstrip('/')}/unit/cpu.max": "150000 100000"}, {}, APART),
        ({"proc/sys/kernel/osrelease": "6.12.9"}, {"runtime": "compose"}, APART),
        ({"proc/sys/kernel/osrelease": "6.12.9", "proc/self/status": "CapEff:\t0000000000000000"}, {}, APART),
        ({"sys/devices/system/cpu/cpu0/topology/thread_siblings_list": ""}, {}, APART),
        ({}, {"runtime": "external"}, APART),
        ({}, {"priority": False}, APART),
        ({}, {"generators": Generators(2, "192.0.2.1", 5557)}, APART),
        ({}, {}, CpuSplit((0,), (0,), (0,))),
        ({}, {}, CpuSplit((2, 3), (0, 1), (0,))),
    ],
    ids=["no virtual machine", "threads of one core", "limited time",
         "no autogroups", "another cgroup", "a unit's limit", "containers of an older kernel",
         "ordinary users of an older kernel", "unknown threads",
         "targets", "no priority", "generators elsewhere", "one CPU", "more CPUs than generators"],
)  # fmt: skip
def test_where_it_would_cost_somebody_something_none_is(
    tmp_path: Path, files: Mapping[str, str], changes: Mapping[str, object], cpus: CpuSplit
) -> None:
    assert worth_keeping(replace(plan_of(), **changes), cpus, planted(tmp_path, files)) == ()  # type: ignore[arg-type]
