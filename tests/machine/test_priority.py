"""Who comes before whom: asked for by real processes, read from them and from planted cgroup files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.machine import priority, process
from bench.machine.place import CGROUPS, HERE, Place
from bench.machine.priority import NICE, NONE, WEIGHT, Priority
from bench.model import CpuSplit
from tests.required import lacks

APART, SHARED = CpuSplit((1,), (0,), (0,)), CpuSplit((0,), (0,), (0,))
READY = "print('ready', flush=True); import sys; sys.stdin.read()"


@contextmanager
def started(asks: Priority, code: str = READY) -> Iterator[subprocess.Popen[bytes]]:
    child = process.spawn(
        [sys.executable, "-c", code],
        environment=os.environ,
        cwd=Path.cwd(),
        priority=asks,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
    finally:
        process.stop(child, signal.SIGKILL, 0.0)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def test_all_ask_for_the_same_and_nobody_for_real_time_where_it_would_starve_a_server() -> None:
    for cpus in (APART, SHARED):
        assert {priority.of(role, cpus).nice for role in ("server", "generator", "store")} == {NICE}
        assert not priority.of("server", cpus).realtime
    assert not priority.of("generator", SHARED).realtime
    assert not priority.of("store", SHARED).realtime


@pytest.mark.parametrize(
    ("most", "period"), [("-1", "1000000"), ("1000000", "1000000"), ("950000", "1000000")]
)
def test_real_time_wants_a_kernel_that_keeps_time_for_others(tmp_path: Path, most: str, period: str) -> None:
    settings = tmp_path / "proc/sys/kernel"
    settings.mkdir(parents=True)
    (settings / "sched_rt_runtime_us").write_text(most)
    (settings / "sched_rt_period_us").write_text(period)
    for role in ("generator", "store"):
        assert priority.of(role, APART, Place(root=str(tmp_path))).realtime is (most == "950000")


def test_what_was_asked_for_is_read_from_the_process() -> None:
    if not priority.permitted(HERE):
        lacks("A process may not come before others here")
    with started(Priority(NICE)) as child:
        assert priority.weight([child.pid], HERE) == WEIGHT
        assert not priority.realtime([child.pid], HERE)
        with started(NONE) as other:
            assert priority.weight([child.pid, other.pid], HERE) == 1.0


def test_what_may_not_be_had_is_left() -> None:
    """By the kernel as by a machine without autogroups: it starts, and what holds is read."""
    with started(NONE) as child:
        usual = priority.weight([child.pid], HERE)
    drop = "import os; os.setgid(65534); os.setuid(65534)"
    code = f"from bench.machine.priority import Priority; {drop}; Priority(-5, realtime=True).take(); {READY}"
    if os.getuid():
        code = code.replace(f"{drop}; ", "")
    elif not priority.permitted(HERE):
        lacks("Root has no rights to give up here")
    with started(NONE, code) as child:
        assert priority.weight([child.pid], HERE) == usual
        assert not priority.realtime([child.pid], HERE)


def test_a_process_in_real_time_that_never_sleeps_becomes_an_ordinary_one() -> None:
    code = (
        "import os, signal\n"
        "from bench.machine.priority import give_way_if_spinning\n"
        "give_way_if_spinning()\n"
        "try:\n    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))\n"
        "except PermissionError:\n    print('not permitted', flush=True)\n"
        "os.kill(os.getpid(), signal.SIGXCPU)\n"
        "print(os.sched_getscheduler(0) == os.SCHED_OTHER)\n"
    )
    assert process.run([sys.executable, "-c", code]).splitlines()[-1] == "True"


@pytest.mark.parametrize(
    ("files", "weight"),
    [
        ({"cpu/release_agent": "", "cpu/cpu.shares": "1024", "cpu/docker/cpu.shares": "1024",
          "cpu/docker/ID/cpu.shares": "3121"}, 1.0),
        ({"cpu/release_agent": "", "cpu/cpu.shares": "1024", "cpu/ID/cpu.shares": "3121"}, 3.05),
        ({"cgroup.controllers": "cpu", "system.slice/cpu.weight": "100", "system.slice/ID/cpu.weight": "306"},
         1.0),
        ({"cgroup.controllers": "cpu", "ID/cpu.weight": "306"}, 3.06),
    ],
    ids=["v1 below the engine's", "v1 beside it", "v2 in a slice", "v2 beside it"],
)  # fmt: skip
def test_a_cgroup_comes_first_only_if_those_above_it_do(
    tmp_path: Path, files: dict[str, str], weight: float
) -> None:
    root = tmp_path / CGROUPS.lstrip("/")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    own = next(name for name in reversed(files) if "ID" in name).rpartition("/")[0].removeprefix("cpu/")
    (tmp_path / "proc/7").mkdir(parents=True)
    line = f"0::/{own}" if "cgroup.controllers" in files else f"1:cpu:/{own}"
    (tmp_path / "proc/7/cgroup").write_text(f"{line}\n")
    machine = Place(root=str(tmp_path))
    assert priority.weight([7], machine) == weight
    assert priority.weight([8], machine) is None
