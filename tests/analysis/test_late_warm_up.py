"""What a server does once after each start is in no rate; what comes again is."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bench.analysis import analyse
from bench.analysis.cases import measured
from bench.analysis.drift import drift
from bench.analysis.measured import DISTURBED, Measured
from bench.model import Suite
from bench.report import late_warm_up
from tests.make_suite import make_suite, make_versions

BLOCKS, ROUNDS = 26, 10
RATES = {"a": 3000.0, "b": 2500.0, "c": 2000.0}
CASE = "a/shortly/mixed/closed-16"


def steady(rates: Mapping[str, float] = RATES, **asked: Any) -> Suite:
    """A run without any pause; a trial of closed load of `a` takes about 300 requests."""
    given = {"rounds": ROUNDS, "blocks": BLOCKS, "open_rate": None, "histograms": False, "noise_sd": 0.02}
    return counted(make_suite(rates, **{**given, **asked}))


def counted(suite: Suite) -> Suite:
    """With what was sent in each trial, and, as in a run, no two blocks of a round with one number."""
    numbered = (
        replace(t, sent=t.offered, block=t.block + suite.plan.blocks * ("open" in t.case))
        for t in suite.trials
    )
    return replace(suite, trials=tuple(numbered))


def holders(suite: Suite, server: str, request: int) -> Mapping[float, int]:
    """When in each round the trial began that held so many-th request to a server, and which of its own."""
    so_far: defaultdict[int, int] = defaultdict(int)
    held = {}
    for trial in suite.trials:
        if trial.case.startswith(f"{server}/"):
            assert trial.sent is not None
            if so_far[trial.round] <= request < so_far[trial.round] + trial.sent:
                held[trial.at_s] = request - so_far[trial.round]
            so_far[trial.round] += trial.sent
    return held


def paused(suite: Suite, *requests: int, loss: float = 0.35, servers: str = "a", of_round: int = 0) -> Suite:
    """The same with a share of the answers lost in the trials that held these, of one round or of all."""
    lost = {
        at for server in servers.split() for request in requests for at in holders(suite, server, request)
    }
    return replace(
        suite,
        trials=tuple(
            replace(trial, answers=trial.answers * (1 - loss))
            if trial.at_s in lost and of_round in (0, trial.round)
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
    trials = tuple(replace(t, sent=t.offered * (2 - t.round % 2)) for t in suite.trials)
    assert found(paused(replace(suite, trials=trials), 2000), 2000)


@pytest.mark.parametrize(
    "requests",
    [(1000, 5000), (1000, 2500, 4000, 5500, 7000), (6000,), (500, 800, 1100, 1400)],
    ids=["twice", "often", "too late to be seen again", "for long"],
)
def test_what_may_come_again_counts(requests: Sequence[int]) -> None:
    assert not of(paused(steady(), *requests)).late


def test_what_comes_in_some_rounds_counts() -> None:
    assert not of(paused(paused(steady(), 1000, of_round=5), 1000, of_round=6)).late


def with_an_open_trial(suite: Suite, before: int) -> Suite:
    """With only one trial of open load of each server a round, ahead of a block of closed load."""
    at = {(t.case.split("/")[0], t.round): t.at_s for t in suite.trials if t.block == before}
    trials = (
        replace(t, at_s=at[t.case.split("/")[0], t.round] - 0.01) if "open" in t.case else t
        for t in suite.trials
        if t.block <= suite.plan.blocks
    )
    return replace(suite, trials=tuple(sorted(trials, key=lambda trial: trial.at_s)))


@pytest.mark.parametrize(
    ("request_number", "left_out"),
    [(1100, True), (2800, True), (2050, True), (2450, False)],
    ids=["second seen", "third seen", "fourth seen", "third hidden"],
)
def test_what_open_load_hides_may_come_again(request_number: int, left_out: bool) -> None:
    """The requests from 3,100 to 7,500 of 9,300 are of open load; it is known within a trial of 300."""
    suite = with_an_open_trial(steady(open_rate=4400.0, blocks=16), 10)
    assert bool(of(paused(suite, request_number)).late) is left_out


@pytest.mark.parametrize("apart", range(700, 4300, 400))
def test_what_comes_again_for_ever_counts_wherever_open_load_is(apart: int) -> None:
    suite = with_an_open_trial(steady(open_rate=4500.0, blocks=12), 10)
    assert not of(paused(suite, *range(apart, 8200, apart))).late


@pytest.mark.parametrize("warm_up", [0, 100, 2000])
@pytest.mark.parametrize("of_first", [50, 150, 230])
def test_a_pause_of_the_first_trial_is_known_whatever_the_warm_up(warm_up: int, of_first: int) -> None:
    """It leaves another server's pause alone, which would count beside one that has to."""
    trials = tuple(replace(t, sent=t.offered + warm_up * (t.block == 0)) for t in steady().trials)
    suite = replace(steady(), trials=trials)
    suite = paused(paused(suite, warm_up + of_first), warm_up + 1000, servers="b")
    assert {block for _, block in of(suite).late} == {0}
    assert len(of(suite, "b").late) == ROUNDS


@pytest.mark.parametrize("apart", [2355, 2360])
def test_where_trials_begin_and_end_alike_a_pause_may_be_anywhere_in_one(apart: int) -> None:
    suite = with_an_open_trial(steady(open_rate=4500.0, blocks=16, noise_sd=0.004), 10)
    assert not of(paused(suite, *range(apart, 9300, apart))).late


def test_a_long_warm_up_hides_how_often_it_comes() -> None:
    warmed_up = tuple(replace(t, sent=t.offered + 30_000 * (t.block == 0)) for t in steady().trials)
    assert not of(paused(replace(steady(), trials=warmed_up), 35_000)).late


def test_where_one_has_a_pause_that_counts_those_of_the_others_count() -> None:
    suite = paused(paused(steady(), 1000), 4000, servers="c")
    assert not of(suite).late
    assert not of(suite, "c").late
    assert found(paused(paused(steady(), 1000), 1200, servers="c"), 1000)


def test_pauses_that_come_again_now_and_then_count() -> None:
    """By chance, or by requests and not quite regularly; medians over rounds see neither."""
    draw = random.Random(1)
    suite = paused(steady(), 1000)
    by_chance = {t.at_s for t in suite.trials if t.case == CASE and draw.random() < 0.1}
    again = tuple(replace(t, answers=t.answers * (0.65 if t.at_s in by_chance else 1)) for t in suite.trials)
    assert not of(replace(suite, trials=again)).late
    jittery = suite
    for number in range(1, ROUNDS + 1):
        jittery = paused(jittery, draw.randrange(4000, 7000), of_round=number)
    assert not of(jittery).late


def test_a_small_loss_counts() -> None:
    assert not of(paused(steady(noise_sd=0.001), 1000, loss=0.04)).late


def test_too_few_rounds_or_blocks_tell_nothing() -> None:
    assert not of(paused(steady(rounds=7), 500)).late
    assert not of(paused(steady(blocks=5), 100)).late
    suite = paused(steady(), 1000)
    assert not of(replace(suite, trials=tuple(replace(t, sent=None) for t in suite.trials))).late
    with_twin = steady(rounds=5, twin="a")
    assert not of(paused(with_twin, 1000, servers="a a-twin")).late


def test_a_round_that_was_cut_short_hides_nothing() -> None:
    suite = paused(steady(), 1000)
    cut = tuple(trial for trial in suite.trials if trial.round < ROUNDS or trial.block < 3)
    assert len(of(replace(suite, trials=cut)).late) == ROUNDS - 1


def test_what_was_sent_in_a_block_that_was_measured_again_counts_as_sent() -> None:
    suite = paused(steady(), 1000)
    gap = {"round": 3, "block": 0, "reason": DISTURBED}
    assert found(replace(suite, gaps=(gap,)), 1000)


def test_pauses_in_two_trials_that_follow_each_other_count() -> None:
    assert not of(paused(steady(), 500, 800)).late


def test_an_old_version_is_another_server() -> None:
    versions = make_versions({"a": 3000.0}, {"a": 3000.0}, rounds=ROUNDS, noise_sd=0.02, twin=None)
    suite = counted(versions)
    suite = paused(paused(suite, 1000), 1800, servers="a-old")
    assert found(suite, 1000)
    assert found(suite, 1800, "a-old")


def test_a_server_that_answers_nothing_rightly_has_no_pause() -> None:
    suite = steady()
    trials = tuple(
        replace(
            t, ok=0, answers=0.0, failed=t.offered, duration_s=t.duration_s * (1.3 if t.block == 0 else 1)
        )
        if t.case == CASE
        else t
        for t in suite.trials
    )
    suite = replace(suite, trials=trials)
    assert not of(suite).late
    assert not list(late_warm_up.lines(suite))


def test_what_runs_already_or_is_replaced_meanwhile_has_no_start_in_each_round() -> None:
    suite = paused(steady(), 1000)
    assert not of(replace(suite, plan=replace(suite.plan, runtime="external"))).late
    recycled = tuple(
        replace(d, server=replace(d.server, command=(*d.server.command, "--max-requests", "3000")))
        for d in suite.plan.deployments
    )
    assert not of(replace(suite, plan=replace(suite.plan, deployments=recycled))).late
    restarted = tuple(replace(record, restarts=1) for record in suite.deployments)
    assert not of(replace(suite, deployments=restarted)).late


@pytest.mark.parametrize("rates", [RATES, {"a": 3000.0}])
def test_a_server_and_its_twin_are_told_together(rates: Mapping[str, float]) -> None:
    suite = paused(steady(rates, twin="a", noise_sd=0.06), 1000, loss=0.2, servers="a a-twin")
    assert len(of(suite).late) == len(of(suite, "a-twin").late) == ROUNDS


def test_what_the_machine_does_to_all_is_no_pause_of_one() -> None:
    suite = steady()
    trials = tuple(replace(t, answers=t.answers * (0.6 if t.block == 3 else 1)) for t in suite.trials)
    assert not any(of(replace(suite, trials=trials), server).late for server in RATES)


def test_noise_is_hardly_ever_taken_for_one() -> None:
    suites = [steady(seed=seed, noise_sd=0.1) for seed in range(20)]
    assert sum(bool(of(suite, server).late) for suite in suites for server in RATES) <= 1


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
        r"once after each start, and in no other trial of a round, a lost 3\d % and c lost 3\d %", line
    )
    assert not list(late_warm_up.lines(steady()))
