"""Slow answers in closed load: seen wherever they falsify a throughput, and then counted."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bench.analysis import analyse
from bench.analysis.compare import compare
from bench.analysis.compare.limits import judge_limits, parse_limits
from bench.analysis.measured import Measured
from bench.analysis.slow import Excess, excess, lasting_s, slow_s
from bench.load.records import encode
from bench.model import Suite, Trial
from proof.virtual.closed_loop import (
    Draw,
    bimodal,
    constant,
    exponential,
    lognormal,
    long_run_rps,
    pareto,
    trial,
)
from tests.make_suite import make_suite

USERS = 16
CASE = "app/shortly/mixed/closed-16"
SHORT_S = 0.1

FALSIFIED: dict[str, tuple[Draw, int]] = {
    "a cache miss of a second in 200": (bimodal(0.005, 1.0, 0.02), 0),
    "of half a second in 500, else 1 ms": (bimodal(0.002, 0.5, 0.001), 0),
    "a timeout of 5 s in 1,000": (bimodal(0.001, 5.0, 0.02), 0),
    "four threads, 300 ms in 100": (bimodal(0.01, 0.3, 0.003), 4),
    "four threads, a timeout of 5 s": (bimodal(0.001, 5.0, 0.005), 4),
    "log-normal": (lognormal(0.01, 1.5), 0),
    "log-normal, four threads": (lognormal(0.002, 1.6), 4),
    "Pareto": (pareto(1.5, 0.01, 5.0), 0),
}
RIGHT: dict[str, tuple[Draw, int]] = {
    "a constant delay": (constant(0.02), 0),
    "longer than a trial": (constant(0.7), 0),
    "much longer": (constant(4.0), 0),
    "four threads": (constant(0.003), 4),
    "exponential, four threads": (exponential(0.01), 4),
    "one thread": (constant(0.0005), 1),
    "waves": (constant(0.03), 0),
}


def simulated(draw: Draw, threads: int, number: int, length_s: float, settle_s: float = 0.0) -> list[Trial]:
    """So many trials as a run would store them."""
    rng, template = random.Random(number), make_suite({"app": 1000.0}, rounds=1, blocks=1).trials[0]
    found = []
    for block in range(number):
        window, counted = trial(draw, rng, users=USERS, threads=threads, length_s=length_s, settle_s=settle_s)
        found.append(
            replace(
                template,
                case=CASE,
                round=block * 6 // number + 1,
                block=block,
                duration_s=(window.closed - window.opened) / 1e9,
                offered=len(counted.outcome),
                ok=len(counted.outcome),
                answers=counted.answers,
                begun=len(counted.begun.sent),
                mean_s=counted.begun.mean_s(),
                histograms=counted.histograms(("follow",), open_load=False),
            )
        )
    return found


def measured(trials: list[Trial]) -> Measured:
    plan = make_suite({"app": 1000.0}, rounds=1, blocks=1).plan
    (case,) = (case for case in plan.cases if case.id == CASE)
    return Measured(case, plan.deployments[0], tuple(trials))


@cache
def truth_rps(name: str) -> float:
    draw, threads = (FALSIFIED | RIGHT)[name]
    return long_run_rps(draw, random.Random(1), users=USERS, threads=threads, answers=100_000)


def rate(trials: list[Trial]) -> float:
    return sum(t.answers for t in trials) / sum(t.duration_s for t in trials)


@pytest.mark.parametrize("name", FALSIFIED)
def test_slow_answers_that_falsify_a_throughput_are_seen_and_then_counted(name: str) -> None:
    draw, threads = FALSIFIED[name]
    short = simulated(draw, threads, 168, SHORT_S)
    assert rate(short) > 1.04 * truth_rps(name), "else this law shows nothing"
    found = excess(measured(short))
    assert found is not None
    assert found.sure(0.95)

    lasting = lasting_s(measured(short))
    long = simulated(draw, threads, 24, 2 * lasting, 1.5 * lasting)
    true_rps, said = truth_rps(name), rate(long)
    after = excess(measured(long))
    assert after is not None
    assert said == pytest.approx(true_rps, rel=0.15)
    assert abs(said / true_rps - 1) < abs(rate(short) / true_rps - 1)
    assert not after.sure(0.998)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_left_alone_however_long_it_takes(name: str) -> None:
    draw, threads = RIGHT[name]
    trials = simulated(draw, threads, 60, SHORT_S)
    found = excess(measured(trials))
    assert rate(trials) == pytest.approx(truth_rps(name), rel=0.03)
    assert found is not None
    assert not found.sure(0.95)


def test_times_that_hold_the_time_of_all() -> None:
    """98 answers of 10 ms and two of a second: these hold two thirds of the time."""
    template = make_suite({"app": 1000.0}, rounds=1, blocks=1).trials[0]
    found = measured([replace(template, histograms=two_kinds())]).latency
    assert found is not None
    assert found.time_quantile_s(0.3) == pytest.approx(0.01, rel=0.01)
    assert found.time_quantile_s(0.5) == pytest.approx(1.0, rel=0.01)
    assert found.time_quantile_s(0.99) == pytest.approx(1.0, rel=0.01)


def two_kinds() -> dict[str, str]:
    return {"latency/follow": encode(np.array([10_000_000] * 98 + [1_000_000_000] * 2))}


def test_a_small_excess_or_an_unsure_one_is_none() -> None:
    assert not Excess(0.015, 0.0001, 100).sure(0.95)
    assert not Excess(0.10, 0.06, 100).sure(0.95)
    assert Excess(0.10, 0.02, 100).sure(0.95)
    assert not Excess(-0.10, 0.01, 100).sure(0.95)


def with_trials(suite: Suite, trials: list[Trial]) -> Suite:
    others = tuple(t for t in suite.trials if t.case != CASE)
    return replace(suite, trials=(*trials, *others))


@pytest.fixture(scope="module")
def suites() -> tuple[Suite, Suite]:
    """Two runs of one server; the new one has a slow answer in 200, which its short trials don't hold."""
    made = make_suite({"app": 700.0}, rounds=6, blocks=28, open_rate=None)
    old = simulated(constant(0.02), 0, 168, SHORT_S)
    new = simulated(bimodal(0.005, 1.0, 0.02), 0, 168, SHORT_S)
    return with_trials(made, old), with_trials(replace(made, id="new"), new)


def test_a_case_says_why_it_cannot_be_believed_and_what_to_ask_for(suites: tuple[Suite, Suite]) -> None:
    calm, slow = (analyse(suite).verdicts[CASE] for suite in suites)
    assert calm.valid
    (finding,) = slow.findings
    assert finding.code == "slow-answers"
    assert "some answers take 1 s" in finding.text
    assert "--minutes" in finding.text


def test_a_gate_is_not_passed_by_slow_answers_that_were_not_counted(suites: tuple[Suite, Suite]) -> None:
    limits, problems = parse_limits(["throughput < -5%"])
    (judgement,) = judge_limits(limits, compare(*suites))
    assert not problems
    assert judgement.state == "not judged"
    assert "slow-answers" in str(judgement)


def test_the_servers_of_one_application_tell_together() -> None:
    """Each alone is too unsure: two slow answers in a pilot's few trials."""
    plan = make_suite({"app": 1000.0, "other": 1000.0, "third": 1000.0}, rounds=1, blocks=1).plan
    trials = []
    for seed, name in enumerate(("app", "other", "third")):
        made = simulated(bimodal(0.01, 1.0, 0.02), 0, 10 + seed, SHORT_S)
        trials += [replace(t, case=f"{name}/shortly/mixed/closed-16") for t in made]
    assert slow_s(plan, trials) == pytest.approx(1.0, rel=0.01)
