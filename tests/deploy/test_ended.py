"""How a server ended that is a child process, as the runtime knows it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy import limiting
from bench.deploy.external import ExternalRuntime
from bench.deploy.local import LocalRuntime
from bench.machine.place import HERE
from bench.model import App, CpuSplit, Deployment, Target, UsageSource
from bench.model.errors import MachineError
from bench.model.surroundings import Limits
from bench.run.calibrate import NULL_DEPLOYMENT
from tests.required import lacks

ROOT = Path(__file__).parents[2]
CPUS = tuple(os.sched_getaffinity(0))
SPLIT = CpuSplit(CPUS, CPUS, CPUS)


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (signal.SIGKILL, "was killed by SIGKILL; the kernel's log may say out of memory (dmesg)"),
        (signal.SIGSEGV, "was killed by SIGSEGV"),
    ],
)
def test_a_server_that_was_killed(tmp_path: Path, sign: signal.Signals, words: str) -> None:
    with LocalRuntime(tmp_path, SPLIT, (NULL_DEPLOYMENT,), checkouts=this_checkout(ROOT)) as runtime:
        target = runtime.start(NULL_DEPLOYMENT)
        assert isinstance(target, Target)
        assert runtime.how_ended(target) == ""
        os.kill(target.usage.pid, sign)
        while runtime.alive(target):
            pass
        assert runtime.how_ended(target) == words


def test_of_what_runs_elsewhere_nothing_is_known(tmp_path: Path) -> None:
    target = Target("x", "http://127.0.0.1:1", UsageSource("none"))
    assert ExternalRuntime(tmp_path, SPLIT, (), {}).how_ended(target) == ""


def test_one_that_used_up_the_memory_it_was_given(tmp_path: Path) -> None:
    limits = Limits(memory_bytes=8 << 20)
    servers = load_servers(ROOT / "docker-compose.yml", {})
    app = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())
    deployment = Deployment("waitress.hello", servers["waitress"], app, database=1)
    try:
        limiting.require(limits, HERE)
    except MachineError as error:
        lacks(str(error))
    checkouts = this_checkout(ROOT)
    with LocalRuntime(tmp_path, SPLIT, (deployment,), checkouts=checkouts, limits=limits) as runtime:
        target = runtime.start(deployment)
        assert isinstance(target, Target)
        while runtime.alive(target):
            pass
        assert "SIGKILL: it had used up its memory (--memory)" in runtime.how_ended(target)
