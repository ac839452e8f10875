"""A trial whose requests all failed is no standstill: a server was being restarted, and `errors` says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.analysis.disturbed import Usual
from bench.model import LoadModel, Trial
from tests.make_suite import make_suite

SUITE = make_suite({"a": 3000.0, "b": 2500.0}, histograms=False)
CASES = {"closed": "{}/shortly/mixed/closed-16", "open": "{}/shortly/mixed/open"}
MODELS: tuple[LoadModel, ...] = ("closed", "open")


def refused(trial: Trial) -> Trial:
    """The same trial, of a server that refused every connection."""
    return replace(
        trial, offered=40, ok=0, answers=0.0, failed=40, unfinished=0, dropped=0, errors={"connect": 40}
    )


def codes(trials: tuple[Trial, ...], case: str) -> tuple[str, ...]:
    return analyse(replace(SUITE, trials=trials)).verdicts[case].codes


@pytest.mark.parametrize("model", MODELS)
def test_a_trial_of_failures_is_said_to_be_errors_alone(model: str) -> None:
    case = CASES[model].format("a")
    first = next(t for t in SUITE.trials if t.case == case)
    many = tuple(refused(t) if t is first else t for t in SUITE.trials)
    silent = replace(first, offered=16, ok=0, answers=0.0, unfinished=16, mean_s=None)
    still = tuple(silent if t is first else t for t in SUITE.trials)

    assert "stalled" not in codes(many, case)
    assert "stalled" in codes(still, case)


@pytest.mark.parametrize("model", MODELS)
def test_a_block_in_which_servers_refused_everything_is_counted(model: LoadModel) -> None:
    """To leave it out would hide what failed."""
    pair = [next(t for t in SUITE.trials if t.case == CASES[model].format(name)) for name in ("a", "b")]
    usual = Usual()
    for block in range(8):
        assert usual.disturbed(block, model, pair) == []

    assert usual.disturbed(8, model, [refused(trial) for trial in pair]) == []
    still = [replace(t, ok=0, answers=0.0, unfinished=t.offered, mean_s=10.0) for t in pair]
    assert usual.disturbed(9, model, still) == [9]
