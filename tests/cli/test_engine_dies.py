"""A Docker engine that dies while servers are being measured."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from bench.store import JOURNAL, load
from tests.cli.conftest import ROOT, environment, measured, wsgi_bench
from tests.cli.engine_proxy import EngineProxy
from tests.required import lacks
from tests.stops import left_in_engine

ENGINE = Path("/var/run/docker.sock")


@pytest.mark.containers
@pytest.mark.slow
def test_what_was_measured_is_kept_and_the_run_goes_on_when_the_engine_is_back(tmp_path: Path) -> None:
    if not ENGINE.is_socket():
        lacks(f"There is no {ENGINE} to put a proxy before")
    out = tmp_path / "out"
    with EngineProxy(tmp_path / "engine.sock", ENGINE) as engine:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench", "run", "--profile", "smoke", "--runtime", "compose", "--app",
             "hello", "--servers", "waitress", "--blocks", "60", "--rate", "200",
             "--out", str(out)],
            cwd=ROOT, env=environment(DOCKER_HOST=engine.address),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with child:
            journal = out / JOURNAL
            deadline = time.monotonic() + 400
            while not journal.exists() or journal.read_bytes().count(b'"trials"') < 3:
                assert child.poll() is None, child.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            engine.cut()
            said = child.communicate(timeout=300)[1]

    assert child.returncode == 1
    assert "Traceback" not in said
    assert "The Docker engine died or hangs" in said
    assert f"`wsgi-bench resume {out}` continues it." in said
    assert "`wsgi-bench clean` does it later" in said
    before = load(out)
    assert before.trials
    assert not before.complete

    cleaned = wsgi_bench("clean")
    left = left_in_engine(find_engine(), child.pid)
    resumed = wsgi_bench("resume", out)
    after = measured(resumed, out)

    assert cleaned.code == 0
    assert left == []
    assert all(trial in after.trials for trial in before.trials)
