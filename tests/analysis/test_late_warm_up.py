"""What a server does once after each start is in no rate; what comes again is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bench.analysis import analyse
from bench.analysis.drift import drift
from bench.analysis.measured import Measured, measured
from bench.model import Suite
from bench.report import late_warm_up
from tests.make_suite import make_suite

BLOCKS, ROUNDS = 26, 10
RATES = {"a": 3000.0, "b": 2500.0, "c": 2000.0}
CASE = "a/shortly/mixed/closed-16"


def steady(rates: Mapping[str, float] = RATES, **asked: Any) -> Suite:
    """A run without any pause; a trial of closed load of `a` takes about 300 requests."""
    given = {"rounds": ROUNDS, "blocks": BLOCKS, "open_rate": None, "histograms": False, "noise_sd": 0.02}
    return make_suite(rates, **{**given, **asked})


def holders(suite: Suite, server: str, request: int) -> Mapping[float, int]:
    """When in each round the trial began that held so many-th request to a server, and which of its own."""
    so_far: defaultdict[int, int] = defaultdict(int)
    held = {}
    for trial in suite.trials:
        if trial.case.startswith(f"{server}/"):
            sent = trial.offered if trial.sent is None else trial.sent
            if so_far[trial.round] <= request < so_far[trial.round] + sent:
                held[trial.at_s] = request - so_far[trial.round]
            so_far[trial.round] += sent
    return held


def paused(suite: Suite, *requests: int, loss: float = 0.35, servers: str = "a", only: int = 1) -> Suite:
    """The same with a share of the answers lost in the trials that held these, of each `only`-th round."""
    lost = {
        at for server in servers.split() for request in requests for at in holders(suite, server, request)
    }
    return replace(
        suite,
        trials=tuple(
            replace(trial, answers=trial.answers * (1 - loss))
            if trial.at_s in lost and trial.round % only == 0
            else trial
            for trial in suite.trials
        ),
    )


def of(suite: Suite, server: str = "a") -> Measured:
    return measured(suite)[f"{server}/shortly/mixed/closed-16"]


def found(suite: Suite, request: int, server: str = "a") -> bool:
    """Whether exactly the trials are left out that held a request."""
    held = holders(suite, server, request)
    return of(suite, server).late == {(t.round, t.block) for t in suite.trials if t.at_s in held}


def test_a_pause_after_each_start_is_in_no_rate() -> None:
    suite = paused(steady(), 1000)
    assert found(suite, 1000)
    kept = {
        (number, block)
        for rates in (of(suite).rates, of(suite).costs)
        for number, blocks in rates.items()
        for block in blocks
    }
    assert len(kept) == ROUNDS * (BLOCKS - 1)
    assert not kept & of(suite).late
    assert not of(suite, "b").late
    told, true = (analyse(one).summaries[CASE].figures["throughput_rps"] for one in (suite, steady()))
    assert told is not None
    assert true is not None
    assert told.value == pytest.approx(true.value, rel=0.002)


@pytest.mark.parametrize("loss", [0.25, 0.5, 0.7, 1.0])
def test_however_much_of_a_trial_it_takes(loss: float) -> None:
    assert found(paused(steady(), 700, loss=loss), 700)


def test_it_comes_by_requests_and_not_by_blocks() -> None:
    """Trials of each other round take twice as many."""
    suite = steady()
    trials = tuple(replace(t, offered=t.offered * (2 - t.round % 2)) for t in suite.trials)
    assert found(paused(replace(suite, trials=trials), 2000), 2000)


@pytest.mark.parametrize(
    "requests",
    [(1000, 5000), (1000, 2500, 4000, 5500, 7000), (6000,), (500, 800, 1100, 1400)],
    ids=["twice", "often", "too late to be seen again", "for long"],
)
def test_what_may_come_again_counts(requests: Sequence[int]) -> None:
    assert not of(paused(steady(), *requests)).late


def test_what_comes_in_some_rounds_counts() -> None:
    assert not of(paused(steady(), 1000, only=5)).late


def test_half_of_the_requests_are_those_of_open_load_and_of_the_warm_up_too() -> None:
    assert not of(paused(steady(), 5000)).late
    suite = steady(open_rate=6000.0)
    # As in a run, where no two blocks of a round have one number.
    numbered = tuple(replace(t, block=t.block + BLOCKS * ("open" in t.case)) for t in suite.trials)
    beside_open_load = replace(suite, trials=numbered)
    assert found(paused(beside_open_load, 5000), 5000)
    warmed_up = tuple(replace(t, sent=t.offered + 30_000 * (t.block == 0)) for t in numbered)
    assert not of(paused(replace(suite, trials=warmed_up), 35_000)).late


def test_a_small_loss_counts() -> None:
    assert not of(paused(steady(noise_sd=0.001), 1000, loss=0.04)).late


def test_too_few_rounds_or_blocks_tell_nothing() -> None:
    assert not of(paused(steady(rounds=4), 500)).late
    assert not of(paused(steady(blocks=5), 100)).late


def test_what_runs_already_or_is_replaced_meanwhile_has_no_start_in_each_round() -> None:
    suite = paused(steady(), 1000)
    assert not of(replace(suite, plan=replace(suite.plan, runtime="external"))).late
    recycled = tuple(
        replace(d, server=replace(d.server, command=(*d.server.command, "--max-requests", "3000")))
        for d in suite.plan.deployments
    )
    assert not of(replace(suite, plan=replace(suite.plan, deployments=recycled))).late


@pytest.mark.parametrize("rates", [RATES, {"a": 3000.0}])
def test_a_server_and_its_twin_are_told_together(rates: Mapping[str, float]) -> None:
    suite = paused(steady(rates, twin="a", noise_sd=0.06), 1000, loss=0.2, servers="a a-twin")
    assert len(of(suite).late) == len(of(suite, "a-twin").late) == ROUNDS


def test_what_the_machine_does_to_all_is_no_pause_of_one() -> None:
    suite = steady()
    trials = tuple(replace(t, answers=t.answers * (0.6 if t.block == 3 else 1)) for t in suite.trials)
    assert not any(of(replace(suite, trials=trials), server).late for server in RATES)


def test_noise_is_hardly_ever_taken_for_one() -> None:
    suites = [steady(seed=seed, noise_sd=0.1) for seed in range(60)]
    assert sum(bool(of(suite, server).late) for suite in suites for server in RATES) <= 2


@pytest.mark.parametrize(("requests", "codes"), [((700,), ()), ((700, 5000), ("stalled",))])
def test_a_trial_that_it_takes_whole_is_no_standstill(requests: Sequence[int], codes: Sequence[str]) -> None:
    suite = steady()
    whole = {at: its for request in requests for at, its in holders(suite, "a", request).items()}
    trials = tuple(
        replace(trial, offered=0, ok=0, answers=0.0, begun=0, mean_s=None, sent=whole[trial.at_s] + 16)
        if trial.at_s in whole
        else trial
        for trial in suite.trials
    )
    assert analyse(replace(suite, trials=trials)).verdicts[CASE].codes == tuple(codes)


@pytest.mark.parametrize("request_number", [1000, 6000])
def test_a_pause_is_no_drift(request_number: int) -> None:
    suite = paused(steady(), request_number, loss=0.9)
    assert drift(of(suite), [of(suite, "b"), of(suite, "c")]) is None


def test_the_report_says_what_was_left_out() -> None:
    [line] = late_warm_up.lines(paused(steady(noise_sd=0.01), 1000, servers="a c"))
    assert re.search(
        r"once after each start, and never again in a round, a lost 3\d % and c lost 3\d %", line
    )
    assert not list(late_warm_up.lines(steady()))
