"""How much of a request is the application's own, in runs whose costs are known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import OwnShare, Suite
from tests.make_suite import make_own, make_suite, own_calls

RATES = {"gunicorn": 2000.0, "uwsgi": 3000.0}
# As `make_suite` has it: 0.95 of a CPU are used.
COST_S = 0.95 / 2000


def share_of(suite: Suite, server: str = "gunicorn") -> OwnShare:
    return next(share for share in analyse(suite).own_shares if share.case.startswith(f"{server}/"))


def run(cpu_s: float, *, wait_s: float = 0.0, rounds: int = 6) -> Suite:
    suite = make_suite(RATES, open_rate=None, histograms=False)
    return make_own(suite, "gunicorn", own_calls(cpu_s, wait_s=wait_s, rounds=rounds))


@pytest.mark.parametrize(("true", "rounds"), [(0.7, 6), (0.05, 6), (0.99, 6), (0.7, 3)])
def test_the_share_that_was_planted_is_in_its_interval(true: float, rounds: int) -> None:
    share = share_of(run(true * COST_S, rounds=rounds)).share

    assert share.low is not None
    assert share.high is not None
    assert share.low < true < share.high
    assert share.value == pytest.approx(true, rel=0.02)


def test_each_server_has_its_own() -> None:
    suite = run(0.5 * COST_S)

    assert share_of(suite, "uwsgi").share.value == pytest.approx(0.75, rel=0.02)


def test_two_rounds_are_two_samples_with_their_own_errors() -> None:
    few, many = (share_of(run(0.7 * COST_S, rounds=rounds)).share for rounds in (2, 6))

    assert few.low is not None
    assert many.low is not None
    assert few.value == pytest.approx(0.7, rel=0.03)
    assert few.low < many.low


def test_one_round_has_no_interval() -> None:
    share = share_of(run(0.7 * COST_S, rounds=1))

    assert share.share.low is None
    assert share.application_s.low is None


def test_rounds_in_common_are_set_against_each_other() -> None:
    """A machine that is slower in every other round is slower for both."""
    suite = run(0.5 * COST_S)
    assert suite.own_cost is not None
    times = {number: 1.0 + number % 2 for number in range(1, 7)}
    calls = tuple(replace(call, cpu_s=call.cpu_s * times[call.round]) for call in suite.own_cost.calls)
    trials = tuple(replace(trial, cpu_s=(trial.cpu_s or 0.0) * times[trial.round]) for trial in suite.trials)
    slower = replace(suite, trials=trials, own_cost=replace(suite.own_cost, calls=calls))

    share, alone = share_of(slower).share, share_of(slower).application_s

    assert share.low is not None
    assert share.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert math.log(share.high / share.low) < 0.1 * math.log(alone.high / alone.low)


@pytest.mark.parametrize(("wait_s", "busy"), [(0.0, 0.95), (0.02, 0.475)])
def test_what_others_took_was_the_servers_unless_its_page_waits(wait_s: float, busy: float) -> None:
    suite = run(0.5 * COST_S, wait_s=wait_s)
    half = tuple(
        replace(trial, cpu_s=(trial.cpu_s or 0.0) / 2, host={"others_s": trial.duration_s / 2})
        for trial in suite.trials
    )

    assert share_of(suite).busy == pytest.approx(0.95)
    assert share_of(replace(suite, trials=half)).busy == pytest.approx(busy)


def test_processes_that_were_seen_are_what_a_server_can_use() -> None:
    suite = run(0.5 * COST_S)
    cpus = replace(suite.environment.cpu_split, server=(0, 1, 2, 3))
    wider = replace(suite, environment=replace(suite.environment, cpu_split=cpus))
    several = tuple(replace(record, workers=2) for record in wider.deployments)

    # By its settings it has one process.
    assert share_of(wider).busy == pytest.approx(0.95)
    assert share_of(replace(wider, deployments=several)).busy == pytest.approx(0.475)


def test_waiting_is_told_from_computing() -> None:
    assert share_of(run(0.001, wait_s=0.0)).waits == 0
    assert share_of(run(0.001, wait_s=0.019)).waits == pytest.approx(0.95, rel=0.01)


def test_nothing_is_said_of_another_scenario_or_of_what_is_not_known() -> None:
    suite = run(0.5 * COST_S)
    assert suite.own_cost is not None

    assert analyse(replace(suite, own_cost=None)).own_shares == ()
    assert analyse(replace(suite, own_cost=replace(suite.own_cost, scenario="other"))).own_shares == ()
    assert analyse(replace(suite, own_cost=replace(suite.own_cost, calls=()))).own_shares == ()
    assert analyse(replace(suite, own_cost=own_calls(0.0))).own_shares == ()
    unread = tuple(replace(trial, cpu_s=None) for trial in suite.trials)
    assert analyse(replace(suite, trials=unread)).own_shares == ()
