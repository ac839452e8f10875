"""Applications that get slower with each request, behind every server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.model import Suite, Trial
from bench.report import ageing
from tests.make_suite import make_suite

RATES = {"a": 3000.0, "b": 2500.0, "c": 2000.0}


def changing(by: Mapping[str, float], rounds: int = 6) -> Suite:
    """The time of a trial of each server changes by such a share within each round, or in odd ones alone."""
    suite = make_suite(RATES, rounds=rounds, open_rate=None, noise_sd=0.01, histograms=False)

    def changed(trial: Trial) -> Trial:
        share = by[trial.case.partition("/")[0]] * trial.block / (suite.plan.blocks - 1)
        return replace(trial, duration_s=trial.duration_s * (1 + share))

    return replace(suite, trials=tuple(map(changed, suite.trials)))


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (
            (0.25, 0.5, 1.0),
            "falls by 20 to 50 % from a round's first block to its last, and begins",
        ),
        ((-0.3, -0.3, -0.5), "rises by "),
    ],
)
def test_what_all_servers_do_alike_in_every_round_is_the_applications(
    by: tuple[float, ...], words: str
) -> None:
    [line] = ageing.lines(changing(dict(zip(RATES, by, strict=True))))
    assert line.startswith(f"shortly, mixed, closed load of 16 users: the throughput of every server {words}")


@pytest.mark.parametrize("by", [(0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.3, -0.3, 0.3), (0.08, 0.08, 0.08)])
def test_else_nothing_is_said(by: tuple[float, ...]) -> None:
    assert not list(ageing.lines(changing(dict(zip(RATES, by, strict=True)))))


def test_a_machine_that_changes_in_some_rounds_is_no_application() -> None:
    suite = changing(dict.fromkeys(RATES, 0.5))
    steady = changing(dict.fromkeys(RATES, 0.0))
    trials = tuple(
        changed if changed.round % 2 else as_it_was
        for changed, as_it_was in zip(suite.trials, steady.trials, strict=True)
    )
    assert not list(ageing.lines(replace(suite, trials=trials)))


def test_running_servers_are_not_said_to_begin_anew() -> None:
    suite = changing(dict.fromkeys(RATES, 0.5))
    [line] = ageing.lines(replace(suite, plan=replace(suite.plan, runtime="external")))
    assert "begins anew" not in line
