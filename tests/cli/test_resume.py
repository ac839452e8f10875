"""A run that was broken off, and what `resume` makes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.analysis import analyse
from bench.model import CpuSplit
from bench.plan.blocks import block_models
from bench.store import JOURNAL, LATENCY_LOG, RESULT, Writer, load
from tests.cli.conftest import ROOT, SMOKE, Here, environment, measured, wsgi_bench
from tests.make_suite import make_suite, without_trials
from tests.patience import HANGS_S

BLOCKS = 10


def broken_off(out: Path, number: signal.Signals) -> tuple[int, str]:
    """Run until some blocks are saved, then send a signal; exit code and what it said.

    Every process that it had started is gone when this returns.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", *SMOKE[:-1], str(BLOCKS), "--servers", "waitress,gunicorn",
         "--seed", "3", "--out", str(out)],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        journal = out / JOURNAL
        deadline = time.monotonic() + HANGS_S
        while not journal.exists() or journal.read_bytes().count(b'"trials"') < 3:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        started = psutil.Process(child.pid).children(recursive=True)
        assert len(started) >= 4
        child.send_signal(number)
        said = child.communicate(timeout=HANGS_S)[1]
    _, left = psutil.wait_procs(started, timeout=10)
    assert not left
    return child.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda s: s.name)
def test_a_run_goes_on_where_it_was_broken_off(tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    code, said = broken_off(out, number)
    before = load(out)

    if number == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        assert said.splitlines()[-1] == (
            f"wsgi-bench: stopped by {number.name}. What was measured is saved; "
            f"`wsgi-bench resume {out}` continues it."
        )
        assert "Traceback" not in said
        assert (out / "report.html").exists()
    assert before.trials
    assert not before.complete
    assert not before.gaps

    resumed = wsgi_bench("resume", out, "--json")
    after = measured(resumed, out)

    assert json.loads(resumed.out)["complete"]
    assert [gap["reason"] for gap in after.gaps if gap["reason"] != "disturbed"] == ["resumed"]
    assert all(trial in after.trials for trial in before.trials)
    models = block_models(after.plan)
    counted = [(trial.round, trial.block, trial.case) for trial in after.trials]
    wanted = Counter(
        (1, block, case.id)
        for block, model in enumerate(models)
        for case in after.plan.cases
        if case.load.model == model
    )
    again = {block for _, block, _ in counted if block >= len(models)}
    assert bool(again) <= any(gap["reason"] == "disturbed" for gap in after.gaps)
    assert Counter(key for key in counted if key[1] not in again) == wanted
    fresh = [trial for trial in after.trials if trial not in before.trials]
    assert min(t.at_s for t in fresh) > max(t.at_s for t in before.trials)
    assert not (out / JOURNAL).exists()


def test_a_run_that_goes_on_is_not_resumed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    suite = make_suite({"waitress": 2500.0}, rounds=1, blocks=2)
    with Writer.create(out, without_trials(suite), analyse):
        resumed = wsgi_bench("resume", out)
        again = wsgi_bench(*SMOKE, "--servers", "waitress", "--out", out)

    assert resumed.code == again.code == 2
    assert f"{out} is being written by process {os.getpid()}. Wait until" in resumed.err
    assert "holds a result already" in again.err
    assert {path.name for path in out.iterdir()} == {RESULT, JOURNAL, LATENCY_LOG}


def test_a_run_on_other_cpus_is_not_resumed(here: Here, tmp_path: Path) -> None:
    out = tmp_path / "out"
    suite = make_suite({"waitress": 2500.0}, rounds=1, blocks=2)
    there = replace(suite.environment, cpu_split=CpuSplit(server=(9000, 9001), generator=(0,), store=(0,)))
    with Writer.create(out, without_trials(replace(suite, environment=there)), analyse) as writer:
        writer.finish(complete=False, finished=None)

    said = here("resume", out)

    assert said.code == 2
    assert "CPUs that can't be used here: 9000, 9001" in said.err
    assert not load(out).gaps
