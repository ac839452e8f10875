"""Runs that go on until they know their ratios: they end early, or when they may go on no longer."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

from bench.analysis import analyse
from bench.analysis.known import FEWEST_ROUNDS, known
from bench.model import Suite
from bench.store import JOURNAL, RESULT, load
from proof.planted.start import planted
from tests.cli.conftest import RATE, ROOT, environment, measured, wsgi_bench
from tests.patience import HANGS_S

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
QUICK = ("run", "--profile", "smoke", "--rate", RATE, "--seed", "3", "--out")
NEVER = "0.05%"
FOURTH = re.compile(rb'"round": ?4')


@pytest.fixture
def targets() -> Iterator[tuple[str, ...]]:
    """Two servers that run already: rounds are about ratios, whoever starts what they are of."""
    with planted("length") as one, planted("length") as other:
        yield ("--target", f"one={one}", "--target", f"other={other}")


def enough(suite: Suite) -> bool:
    found = known(suite, analyse(suite).verdicts)
    assert found is not None
    assert suite.plan.until is not None
    return found.enough(suite.plan.until)


@pytest.mark.slow
def test_a_run_ends_as_soon_as_it_knows_enough(tmp_path: Path, targets: tuple[str, ...]) -> None:
    """Which is after the sixth round, unless the machine is in such a mood that ratios vary by a factor."""
    out = tmp_path / "out"
    said = wsgi_bench(*QUICK, out, *targets, "--blocks", "2", "--until", "100%", "--rounds", "9")

    suite = measured(said, out)
    jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)
    assert {trial.round for trial in suite.trials} == set(range(1, suite.plan.rounds + 1))
    assert suite.plan.rounds >= FEWEST_ROUNDS
    assert suite.plan.most_rounds == 9
    assert suite.plan.rounds == 9 or enough(suite)
    assert ("ratios are known well enough: ending after round" in said.err) == enough(suite)
    assert ("as asked (±100 %): the run ended after" in " ".join(said.out.split())) == enough(suite)
    looks = [line for line in said.err.splitlines() if "ratios known to" in line]
    assert looks
    assert max(map(cell_len, looks)) <= 80


@pytest.mark.slow
def test_a_run_that_was_broken_off_goes_on_until_its_most_rounds(
    tmp_path: Path, targets: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", *QUICK, str(out), *targets, "--blocks", "2", "--until",
         NEVER, "--rounds", "7"],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        deadline = time.monotonic() + HANGS_S
        while not (out / JOURNAL).exists() or not FOURTH.search((out / JOURNAL).read_bytes()):
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=HANGS_S)
    before = load(out)
    assert "so far; ±0.05 % is asked" in " ".join((out / "report.md").read_text().split())

    resumed = wsgi_bench("resume", out)

    suite = measured(resumed, out)
    assert suite.plan.until == before.plan.until == 0.0005
    assert suite.plan.most_rounds == suite.plan.rounds == max(trial.round for trial in suite.trials) == 7
    assert "and not to ±0.05 % as asked: 7 are the most that it could take" in " ".join(resumed.out.split())


@pytest.mark.slow
def test_minutes_end_a_run_that_does_not_know_enough(tmp_path: Path, targets: tuple[str, ...]) -> None:
    """Of the smallest profile and of servers that run already, too. Of one round nothing is known."""
    out = tmp_path / "out"
    said = wsgi_bench(*QUICK, out, *targets, "--minutes", "0.3", "--until", NEVER)

    suite = measured(said, out)
    assert (suite.plan.minutes, suite.plan.most_rounds) == (0.3, None)
    assert suite.plan.rounds == max(trial.round for trial in suite.trials)
    words = " ".join(said.out.split())
    if suite.plan.rounds == 1:
        assert "were known to ±0.05 %, and knows none" in words
    else:
        assert not enough(suite)
        assert "as asked: --minutes 0.3 were over" in words
