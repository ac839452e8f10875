"""What a run in containers says of limits and lasting processes, with an engine that keeps no limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.deploy.container import usage_source
from bench.deploy.engine import find_engine
from bench.machine.place import HERE
from bench.machine.usage import members
from bench.store import JOURNAL, load
from tests.cli.careless_engine import CarelessEngine
from tests.cli.conftest import ROOT, environment
from tests.cli.test_engine_dies import ENGINE
from tests.required import lacks


@pytest.mark.containers
@pytest.mark.slow
def test_limits_that_an_engine_lost_and_a_worker_that_was_killed(tmp_path: Path) -> None:
    if not ENGINE.is_socket():
        lacks(f"There is no {ENGINE} to put a proxy before")
    if len(os.sched_getaffinity(0)) < 2:
        lacks("There is one CPU only, so nothing can be pinned")
    out = tmp_path / "out"
    with CarelessEngine(tmp_path / "engine.sock", ENGINE) as engine:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench", "run", "--profile", "smoke", "--runtime", "compose", "--app",
             "hello", "--servers", "gunicorn", "--blocks", "30", "--rate", "200", "--out", str(out)],
            cwd=ROOT, env=environment(DOCKER_HOST=engine.address),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with child:
            journal = out / JOURNAL
            deadline = time.monotonic() + 400
            while not journal.exists() or b'"trials"' not in journal.read_bytes():
                assert child.poll() is None, child.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            os.kill(worker_of(out), signal.SIGKILL)
            said = child.communicate(timeout=300)[1]

    assert "Traceback" not in said
    suite = load(out)
    read = {one.role: one.read for one in suite.confined}
    assert set(read) == {"server", "generator"}
    for one in suite.confined:
        assert one.asked.memory_bytes
        assert one.asked.pids == 4096
        assert one.read is not None
        assert set(one.read.cpus) > set(one.asked.cpus)
        assert (one.read.memory_bytes, one.read.pids) != (one.asked.memory_bytes, one.asked.pids)
    assert [record.restarts for record in suite.deployments] == [1]
    report = (out / "report.md").read_text()
    assert "gunicorn may run on CPUs" in report
    assert "the load generator may run on CPUs" in report
    assert "MB doesn't hold for gunicorn: " in report
    assert "1 of its processes ended while it was measured." in report


def worker_of(out: Path) -> int:
    """The process of gunicorn's container that was started last."""
    name = json.loads((out / "compose.json").read_text())["services"]["gunicorn.hello"]["container_name"]
    [state] = json.loads(find_engine().run("inspect", "--type", "container", name))
    found = members(usage_source(int(state["State"]["Pid"]), state["Id"], HERE), HERE)
    if not found:
        lacks("The containers' processes can't be seen from here")
    return max(found)
