"""A run of a server whose slow answers take longer than a trial: pilot, plan, trials and report together."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from bench.analysis import analyse
from bench.model.finding import NOT_MEASURED
from bench.store import RESULT, load
from proof.planted.start import planted
from tests.cli.conftest import ROOT, wsgi_bench

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
SLOW_S = 0.3


@pytest.mark.slow
def test_trials_become_long_enough_for_slow_answers(tmp_path: Path) -> None:
    """Where the pilot's trials are long, as on a busy machine, they may hold slow answers already."""
    with planted("tail", slow_share=0.1, slow_s=SLOW_S, base_s=0.004) as slow:
        said = wsgi_bench(
            *("run", "--target", f"slow={slow}", "--rounds", "1", "--blocks", "1", "--rate", "200"),
            *("--out", tmp_path / "out"),
        )

    assert said.code in (0, 4), said.err
    jsonschema.validate(json.loads((tmp_path / "out" / RESULT).read_text()), SCHEMA)
    suite = load(tmp_path / "out")
    longer = re.search(r"some answers take [\d.]+ s: closed load settles for [\d.]+ s", said.err)
    assert (longer is not None) == (suite.plan.settle_s >= SLOW_S) == (suite.plan.settle_s > 0)
    assert longer is None or suite.plan.trial_s.closed >= 2 * SLOW_S
    # Those that needn't be long enough for slow answers are half as long as planned at least; in nanoseconds.
    least_s = round(suite.plan.trial_s.closed * (0.5 if longer is None else 1.0), 9)
    closed = [t for t in suite.trials if "closed" in t.case and t.round >= suite.plan.counted_from]
    assert {t.round for t in closed} == set(range(suite.plan.counted_from, suite.plan.rounds + 1))
    assert all(t.duration_s >= least_s and t.begun for t in closed)


@pytest.mark.slow
def test_a_run_ends_within_its_minutes(tmp_path: Path) -> None:
    """With a server that needs long to answer, and less time than the smallest run would take."""
    with planted("tail", slow_share=0.5, slow_s=0.3, base_s=0.1) as slow, planted("length") as fast:
        said = wsgi_bench(
            *("run", "--target", f"slow={slow}", "--target", f"fast={fast}", "--minutes", "0.4"),
            *("--out", tmp_path / "out"),
        )

    assert said.code in (0, 4), said.err
    suite = load(tmp_path / "out")
    assert suite.complete
    assert suite.plan.minutes == 0.4
    measured = {trial.case for trial in suite.trials}
    for case, verdict in analyse(suite).verdicts.items():
        assert case in measured or NOT_MEASURED in verdict.codes
