"""Estimates, comparisons, ranks and verdicts of suites whose truth is known."""

from __future__ import annotations

import math
import random
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from bench.analysis import analyse
from bench.analysis.claim import half_width
from bench.analysis.estimate import Values, effect, estimate, level, paired
from bench.analysis.histogram import Histogram
from bench.analysis.rank import rank
from bench.analysis.running import RunningRate
from bench.analysis.shares import Share
from bench.model import Analysis, Calibration, Ceiling, Failure, Rank, Sample, Suite, Trial
from bench.model.errors import ResultError
from tests.make_suite import encoded, make_suite, without_trials

CLOSED = "{}/shortly/mixed/closed-16"
OPEN = "{}/shortly/mixed/open"


def one_server(**changes: Any) -> Suite:
    """Every trial of a small valid run changed in the same way."""
    suite = make_suite({"gunicorn": 3000.0}, rounds=3, blocks=6)
    return replace(suite, trials=tuple(replace(trial, **changes) for trial in suite.trials))


def codes(analysis: Analysis, case: str) -> list[str]:
    return list(analysis.verdicts[case].codes)


def test_a_round_is_what_all_its_trials_have_reached_in_all_their_time() -> None:
    found = level([Share(100, 0.1), Share(100, 0.1), Share(100, 1.8)])
    assert found == pytest.approx(math.log(150)), "a standstill counts in full, however rare"
    assert level([Share(0, 0.1)]) is None
    assert level([]) is None


def shares(rounds: dict[int, dict[int, float]]) -> dict[int, dict[int, Share]]:
    """Trials of a second each, from the logarithms of their rates."""
    return {n: {b: Share(math.exp(rate), 1.0) for b, rate in blocks.items()} for n, blocks in rounds.items()}


def test_known_interval() -> None:
    """Against a t interval worked out by hand: mean 2, s = 1, n = 3, t(2; 0.975) = 4.302653."""
    found = effect([1.0, 2.0, 3.0])
    assert found is not None
    low, high = found.interval()
    assert (low, high) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)))
    assert found.p_value == pytest.approx(0.074180, abs=1e-6)


def test_rounds_that_agree_exactly() -> None:
    same = effect([0.5, 0.5, 0.5])
    none = effect([0.0, 0.0])
    assert same is not None
    assert same.p_value == 0.0
    assert none is not None
    assert none.p_value == 1.0


def test_one_round_has_an_interval_from_its_blocks_when_there_are_six() -> None:
    few = estimate({0: {block: Share(100 + block, 1.0) for block in range(5)}})
    enough = estimate({0: {block: Share(100 + block, 1.0) for block in range(6)}})
    assert few is not None
    assert few.low is None
    assert enough is not None
    # Mean 102.5, s = 1.8708, n = 6, t(5; 0.975) = 2.5706.
    half = 2.5706 * 1.8708 / math.sqrt(6) / 102.5
    assert enough.low == pytest.approx(102.5 * math.exp(-half), rel=1e-4)
    assert enough.high == pytest.approx(102.5 * math.exp(half), rel=1e-4)
    assert estimate({}) is None


def test_pairs_use_only_what_both_have() -> None:
    a = {0: {0: 1.0, 1: 2.0}, 1: {0: 1.0}, 2: {0: 5.0}}
    b = {0: {1: 1.5, 2: 9.0}, 1: {0: 0.5}}
    found = paired(shares(a), shares(b))
    assert found is not None
    assert found.mean == pytest.approx(0.5)
    assert found.freedom == 1
    assert paired(shares(a), shares({0: {0: 1.0}})) is None


def test_the_interval_of_a_ratio_covers_the_truth() -> None:
    """Noise shared within a block, standstills of one server, and restarts that change a server's level."""
    draw = np.random.default_rng(20260102)
    truth, runs, covered = math.log(1.05), 300, 0

    def trials(level: float, mood: Values, stalls: float) -> dict[int, Share]:
        """A second of answers each; a share of the trials takes twice as long, at the same mean rate."""
        seconds = 1 / (1 + stalls) * (1 + (draw.random(30) < stalls))
        answers = math.exp(level) * mood * draw.gamma(400, 1 / 400, 30)
        return {block: Share(*pair) for block, pair in enumerate(zip(answers, seconds, strict=True))}

    for _ in range(runs):
        a: dict[int, dict[int, Share]] = {}
        b: dict[int, dict[int, Share]] = {}
        for number in range(6):
            mood = draw.gamma(100, 1 / 100, 30)
            levels = draw.normal(0, 0.005, 2)
            a[number] = trials(truth + levels[0], mood, 0.05)
            b[number] = trials(levels[1], mood, 0.0)
        found = paired(a, b)
        assert found is not None
        low, high = found.interval()
        covered += low <= truth <= high
    assert 0.92 <= covered / runs <= 0.98


def test_merging_and_percentiles_are_exact() -> None:
    draw = random.Random(7)
    values = [round(draw.lognormvariate(8, 1)) for _ in range(20_000)]
    histograms = [HdrHistogram(1, 60_000_000, 3) for _ in range(4)]
    for i, value in enumerate(values):
        histograms[i % 4].record_value(value)
    merged = Histogram.merge(h.encode().decode() for h in histograms)
    assert merged is not None
    assert merged.count == len(values)
    values.sort()
    for share in (0.5, 0.9, 0.99, 0.995):
        assert merged.percentile_s(share) == pytest.approx(
            values[math.ceil(share * 20_000) - 1] / 1e6, rel=1e-3
        )
    assert merged.percentile_s(0.999) is None
    assert merged.max_s == pytest.approx(values[-1] / 1e6, rel=1e-3)


@pytest.mark.parametrize("place", [0, 1, 1023, 1024, 2047, 2048, 2049, 3071, 3072, 9999, 17_000])
def test_each_place_holds_the_times_that_hdrhistogram_says(place: int) -> None:
    histogram = HdrHistogram(1, 60_000_000, 3)
    shortest = histogram.get_value_from_index(place)
    histogram.record_value(max(shortest, 1))
    merged = Histogram.merge([histogram.encode().decode()])
    assert merged is not None
    assert merged.max_s == histogram.get_highest_equivalent_value(max(shortest, 1)) / 1e6
    assert merged.time_quantile_s(0.5) == max(shortest, 1) / 1e6


def test_a_histogram_of_another_range_is_refused() -> None:
    with pytest.raises(ResultError, match="its range is not 1 us to 60 s at 3 digits"):
        Histogram.merge([HdrHistogram(1, 10_000_000, 3).encode().decode()])


@pytest.mark.parametrize(
    ("count", "share", "known"),
    [(9_999, 0.99, False), (10_000, 0.99, True), (200, 0.5, True), (199, 0.5, False)],
)
def test_a_percentile_needs_a_hundred_samples_beyond_it(count: int, share: float, known: bool) -> None:
    histogram = HdrHistogram(1, 60_000_000, 3)
    histogram.record_value(1000, count)
    merged = Histogram.merge([histogram.encode().decode()])
    assert merged is not None
    assert (merged.percentile_s(share) is not None) is known


def test_no_histogram_is_no_percentile() -> None:
    assert Histogram.merge([]) is None
    assert Histogram.merge([HdrHistogram(1, 60_000_000, 3).encode().decode()]) is None


@pytest.mark.parametrize("text", ["", "HIST", "not base64!", encoded(1000, 10)[:-30], "AAAA" * 20])
def test_a_damaged_histogram_is_named(text: str) -> None:
    with pytest.raises(ResultError, match=r"latency\.hlog was damaged"):
        Histogram.merge([text])


def test_a_clear_order_with_a_tie() -> None:
    suite = make_suite({"slow": 1000.0, "a": 3000.0, "b": 3005.0}, twin="a", seed=2)
    found = analyse(suite)
    assert [place.rank for place in found.ranking if "closed" in place.group] == [1, 3]
    first, last = (set(place.cases) for place in found.ranking if "closed" in place.group)
    assert first == {CLOSED.format("a"), CLOSED.format("b")}
    assert last == {CLOSED.format("slow")}
    assert found.twin is not None
    assert found.twin.better is None
    assert found.detectable is not None
    assert 0.01 <= found.detectable < 0.05
    assert all(verdict.valid for verdict in found.verdicts.values())
    slow = found.summaries[CLOSED.format("slow")].figures["throughput_rps"]
    assert slow is not None
    assert slow.low is not None
    assert slow.high is not None
    assert slow.low < slow.value < slow.high
    assert slow.value == pytest.approx(1000, rel=0.03)


def test_lower_latency_and_cost_are_better() -> None:
    found = analyse(make_suite({"fast": 3000.0, "slow": 1500.0}))
    verdicts = {c.figure: (c.subject.server, c.better, c.ratio < 1) for c in found.comparisons}
    assert verdicts["throughput"] == ("fast", True, False)
    assert verdicts["cpu"] == ("fast", True, True)
    assert verdicts["p50"] == ("fast", True, True)
    assert verdicts["p99"] == ("fast", True, True), "1,800 answers a round, 10,800 in all"


def test_a_real_difference_below_one_percent_is_not_claimed() -> None:
    found = analyse(make_suite({"a": 3000.0, "b": 3024.0}, rounds=12, restart_sd=0.0001, noise_sd=0.002))
    closed = next(c for c in found.comparisons if c.figure == "throughput")
    assert closed.low > 1
    assert closed.better is None


def test_a_difference_below_the_twins_is_not_claimed() -> None:
    suite = make_suite({"a": 3000.0, "b": 3150.0}, twin="a", restart_sd=0.0001, noise_sd=0.002)
    assert analyse(suite).ranking[0].cases == (CLOSED.format("b"),)
    twin = CLOSED.format("a-twin")
    skewed = tuple(
        replace(t, answers=t.answers * 1.1, mean_s=(t.mean_s or 0.0) / 1.1) if t.case == twin else t
        for t in suite.trials
    )
    found = analyse(replace(suite, trials=skewed))
    assert found.twin is not None
    assert found.twin.better is False
    assert len(found.ranking[0].cases) == 2


def test_more_pairs_make_claims_harder_and_no_interval_wider() -> None:
    rates = dict.fromkeys("abcdefgh", 3000.0)
    many = analyse(make_suite(rates, open_rate=None, histograms=False))
    two = analyse(make_suite({"a": 3000.0, "b": 3000.0}, open_rate=None, histograms=False))
    assert len([c for c in many.comparisons if c.figure == "throughput"]) == 28
    assert {c.better for c in many.comparisons} == {None}
    width = half_width(two.comparisons[0])
    assert np.median([half_width(c) for c in many.comparisons]) < 1.5 * width
    assert np.median([c.smallest for c in many.comparisons]) > 1.5 * two.comparisons[0].smallest


def test_twenty_runs_of_identical_servers_claim_nothing() -> None:
    claims = 0
    for seed in range(20):
        suite = make_suite({"a": 3000.0, "b": 3000.0}, open_rate=None, histograms=False, seed=seed)
        claims += any(c.claimed for c in analyse(suite).comparisons)
    assert claims <= 1


@pytest.mark.parametrize(
    ("differ", "places"),
    [
        ([], [("1 to 3", "abc")]),
        (["ab", "ac", "bc"], [("1", "a"), ("2", "b"), ("3", "c")]),
        (["ac"], [("1 to 2", "a"), ("1 to 3", "b"), ("2 to 3", "c")]),
        (["ac", "ab"], [("1", "a"), ("2 to 3", "bc")]),
        (["ac", "bc"], [("1 to 2", "ab"), ("3", "c")]),
    ],
)
def test_a_rank_is_what_those_surely_better_and_surely_worse_leave(
    differ: list[str], places: list[tuple[str, str]]
) -> None:
    ranks = rank("group", "abc", {(pair[0], pair[1]) for pair in differ})
    assert [(place.words, "".join(place.cases)) for place in ranks] == places


def test_a_rank_of_before_its_end_was_stored_ends_with_those_who_share_it() -> None:
    assert Rank("group", 2, ("b", "c")).words == "2 to 3"
    assert Rank("group", 4, ("d",)).words == "4"


def test_smoke_gives_values_and_no_ranks() -> None:
    found = analyse(make_suite({"a": 3000.0, "b": 1000.0}, claims=False, rounds=1, blocks=3))
    assert found.comparisons == ()
    assert found.ranking == ()
    assert found.twin is None
    assert found.detectable is None
    assert all(verdict.valid for verdict in found.verdicts.values())
    value = found.summaries[CLOSED.format("a")].figures["throughput_rps"]
    assert value is not None
    assert value.low is None


def test_a_suite_without_trials() -> None:
    found = analyse(without_trials(make_suite({"a": 3000.0})))
    assert codes(found, CLOSED.format("a")) == ["not-measured"]
    summary = found.summaries[CLOSED.format("a")]
    assert summary.figures["throughput_rps"] is None
    assert summary.error_rate is None
    assert summary.figures["p50"] is None
    assert found.ranking == ()


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("errors", {"failed": 1, "offered": 301, "ok": 284, "errors": {"body": 1}}),
        ("overloaded", {"dropped": 1, "offered": 301, "ok": 284, "unfinished": 16}),
        ("errors", {"unfinished": 1, "offered": 301}),
        ("generator-bound", {"dropped": 1, "dropped_late": 1, "offered": 301}),
        ("balance", {"offered": 12345}),
        ("generator-bound", {"generator_cpu": 0.85}),
        ("little", {"mean_s": 0.004}),
        ("backlog-overflow", {"host": {"listen_overflows": 2.0}}),
        ("backlog-overflow", {"host": {"listen_drops": 1.0}}),
    ],
)
def test_each_reason(reason: str, changes: dict[str, Any]) -> None:
    found = analyse(one_server(**changes))
    assert reason in codes(found, CLOSED.format("gunicorn"))
    text = next(f.text for f in found.verdicts[CLOSED.format("gunicorn")].findings if f.code == reason)
    assert ";" in text, "what was found, then what to do"
    assert CLOSED.format("gunicorn") not in {id_ for place in found.ranking for id_ in place.cases}


@pytest.mark.parametrize(("factors", "said"), [((0.9, 0.91), ["little"]), ((0.4, 1.4), [])])
def test_what_chance_makes_of_a_few_slow_answers_is_not_called_lost(
    factors: tuple[float, float], said: list[str]
) -> None:
    """A tenth of the users' time is missing: in all trials alike, or in those that slow answers missed."""
    suite = one_server()
    trials = tuple(
        replace(trial, begun=trial.ok, mean_s=factors[number % 2] * trial.duration_s * 16 / trial.answers)
        for number, trial in enumerate(suite.trials)
    )
    assert codes(analyse(replace(suite, trials=trials)), CLOSED.format("gunicorn")) == said


def test_a_drop_that_the_generator_was_late_for_is_not_the_servers() -> None:
    found = analyse(one_server(dropped=1, dropped_late=1, offered=301, ok=300))
    assert codes(found, CLOSED.format("gunicorn")) == ["generator-bound"]
    summary = found.summaries[CLOSED.format("gunicorn")]
    assert summary.error_rate == 1 / 301


@pytest.mark.parametrize("connections", [0, 3, 149, 151, 300])
def test_what_was_sent_again_is_no_error_however_often(connections: int) -> None:
    found = analyse(one_server(lost=connections, connections=connections))
    assert codes(found, CLOSED.format("gunicorn")) == []
    assert found.summaries[CLOSED.format("gunicorn")].error_rate == 0


def test_what_stood_still_is_not_called_faster() -> None:
    """The usual trial is 4 % faster, and one in fifteen stands still for as long as two others take."""
    suite = make_suite({"a": 3000.0, "b": 3120.0}, open_rate=None, histograms=False, noise_sd=0.002)
    claims = [c.better for c in analyse(suite).comparisons if c.figure == "throughput"]
    assert claims == [True]

    def standing(trial: Trial) -> Trial:
        if trial.case != CLOSED.format("b") or trial.block % 15 != 7:
            return trial
        return replace(trial, duration_s=trial.duration_s * 2.2, mean_s=(trial.mean_s or 0.0) * 2.2)

    found = analyse(replace(suite, trials=tuple(map(standing, suite.trials))))
    assert all(verdict.valid for verdict in found.verdicts.values())
    (claim,) = (c for c in found.comparisons if c.figure == "throughput")
    assert (claim.subject.id, claim.better) == (CLOSED.format("a"), True)
    assert claim.ratio == pytest.approx(3000 / 3120 * 1.08, rel=0.01)


def test_a_twin_that_is_not_valid_says_nothing() -> None:
    suite = make_suite({"a": 3000.0, "b": 2000.0}, twin="a", error_share={"a-twin": 0.1})
    found = analyse(suite)
    assert codes(found, CLOSED.format("a-twin")) == ["errors"]
    assert found.twin is None


def test_a_percentile_has_an_interval_that_covers_the_truth() -> None:
    """Both servers' latencies from the same distribution, their rounds at levels of their own."""
    covered = total = 0
    for seed in range(40):
        suite = make_suite({"a": 3000.0, "b": 3000.0}, blocks=30, seed=seed, restart_sd=0.02)
        for comparison in analyse(suite).comparisons:
            if comparison.figure == "p99":
                total += 1
                covered += comparison.low <= 1 <= comparison.high
    assert total == 40
    assert covered >= 34


def test_a_valid_run_has_no_reason() -> None:
    assert all(verdict.valid for verdict in analyse(one_server()).verdicts.values())


def test_smoke_minds_only_errors_and_failures() -> None:
    suite = one_server(generator_cpu=0.99, mean_s=1.0, host={"listen_drops": 5.0})
    suite = replace(suite, plan=replace(suite.plan, claims=False))
    assert all(verdict.valid for verdict in analyse(suite).verdicts.values())
    failed = replace(suite, failures=(Failure("gunicorn.shortly", 0, "trial", "it died"),))
    assert codes(analyse(failed), CLOSED.format("gunicorn")) == ["failed"]


def test_the_log_of_a_server_that_runs_elsewhere_is_not_in_the_result() -> None:
    suite = make_suite({"gunicorn": 2500.0}, error_share={"gunicorn": 0.2})
    reasons = [
        analyse(replace(suite, plan=replace(suite.plan, runtime=runtime)))
        .verdicts[CLOSED.format("gunicorn")]
        .reasons[0]
        for runtime in ("local", "external")
    ]

    assert ["logs/" in reason for reason in reasons] == [True, False]


def test_the_ceiling_is_that_of_the_connection_kind() -> None:
    suite = one_server()
    low_close = replace(suite, calibration=Calibration(60_000, 3_500, 0.0001))
    assert analyse(low_close).verdicts[CLOSED.format("gunicorn")].valid
    closing = tuple(replace(t, connections=t.ok) for t in suite.trials)
    found = analyse(replace(low_close, trials=closing))
    assert codes(found, CLOSED.format("gunicorn")) == ["generator-bound"]


def test_the_ceiling_is_that_with_answers_like_the_cases_own() -> None:
    suite = one_server()
    (case,) = (case for case in suite.plan.cases if case.id == CLOSED.format("gunicorn"))
    low = Ceiling(2_000, 2_000, 0.0001, case.app, case.scenario, Sample(420, 200_000, differing=True))
    for other, expected in ((low, ["generator-bound"]), (replace(low, scenario="another"), [])):
        calibration = Calibration(60_000, 20_000, 0.0001, "x", "y", Sample(420, 13, False), (other,))
        found = analyse(replace(suite, calibration=calibration))
        assert codes(found, CLOSED.format("gunicorn")) == expected
        if expected:
            (reason,) = found.verdicts[CLOSED.format("gunicorn")].reasons
            assert "(2,000 with answers of 200,000 bytes that differ each time)" in reason


def test_late_sending_is_the_generators_fault() -> None:
    late = {"latency/x": encoded(9_000, 600), "lateness/x": encoded(3_000, 600)}
    little = {"latency/x": encoded(90_000, 600), "lateness/x": encoded(1_000, 600)}
    assert codes(analyse(one_server(histograms=late)), OPEN.format("gunicorn")) == ["generator-bound"]
    assert codes(analyse(one_server(histograms=little)), OPEN.format("gunicorn")) == []


def test_drift_within_rounds() -> None:
    suite = make_suite({"a": 3000.0}, open_rate=None, noise_sd=0.01, histograms=False)

    def warming(trial: Trial) -> Trial:
        duration_s = trial.duration_s / (1 + 0.2 * trial.block / 29)
        return replace(trial, duration_s=duration_s, mean_s=16 * duration_s / trial.ok)

    found = analyse(replace(suite, trials=tuple(map(warming, suite.trials))))
    assert codes(found, CLOSED.format("a")) == ["drifting"]


def slowing(suite: Suite, servers: Collection[str]) -> Suite:
    """These do a fifth less at the end of each round than at its beginning."""

    def slower(trial: Trial) -> Trial:
        if trial.case.split("/")[0] not in servers:
            return trial
        duration_s = trial.duration_s * (1 + 0.25 * trial.block / 29)
        return replace(trial, duration_s=duration_s, mean_s=16 * duration_s / trial.ok)

    return replace(suite, trials=tuple(map(slower, suite.trials)))


def test_a_machine_that_drifts_is_no_server_s_fault() -> None:
    rates = {"a": 3000.0, "b": 2500.0, "c": 2000.0}
    suite = make_suite(rates, open_rate=None, noise_sd=0.01, histograms=False)
    machine, server = analyse(slowing(suite, rates)), analyse(slowing(suite, ["b"]))

    assert [codes(machine, CLOSED.format(name)) for name in rates] == [[], [], []]
    assert [codes(server, CLOSED.format(name)) for name in rates] == [[], ["drifting"], []]


def test_of_two_servers_only_the_one_that_drifts_is_said_to() -> None:
    suite = make_suite({"a": 3000.0, "b": 2500.0}, open_rate=None, noise_sd=0.01, histograms=False)
    found = analyse(slowing(suite, ["a"]))

    assert [codes(found, CLOSED.format(name)) for name in ("a", "b")] == [["drifting"], []]


@pytest.mark.parametrize("rates", [{"a": 3000.0}, {"a": 3000.0, "b": 2500.0}])
@pytest.mark.parametrize(("runtime", "expected"), [("external", ["drifting"]), ("local", [])])
def test_a_target_that_slows_from_round_to_round_is_said_to(
    runtime: str, expected: list[str], rates: dict[str, float]
) -> None:
    suite = make_suite(rates, twin="a", open_rate=None, noise_sd=0.01, histograms=False)

    def slower(trial: Trial) -> Trial:
        """Of what is one server twice; little of it within a round."""
        if trial.case.startswith("b"):
            return trial
        duration_s = trial.duration_s * (1 + 0.06 * trial.round)
        return replace(trial, duration_s=duration_s, mean_s=16 * duration_s / trial.ok)

    trials = tuple(map(slower, suite.trials))
    found = analyse(replace(suite, plan=replace(suite.plan, runtime=runtime), trials=trials))

    assert codes(found, CLOSED.format("a")) == expected
    assert not any(codes(found, CLOSED.format(name)) for name in rates if name != "a")


def test_a_trial_without_an_answer_is_not_passed_over() -> None:
    suite = make_suite({"a": 3000.0}, open_rate=None, histograms=False)
    first = replace(suite.trials[0], ok=0, answers=0.0, offered=16, unfinished=16, mean_s=None)
    assert codes(analyse(replace(suite, trials=(first, *suite.trials[1:]))), CLOSED.format("a")) == [
        "stalled"
    ]


def test_one_round_is_too_few_to_claim_anything() -> None:
    found = analyse(make_suite({"a": 3000.0, "b": 1000.0}, rounds=1))
    assert codes(found, CLOSED.format("a")) == ["too-few"]
    assert found.ranking == ()


def test_open_load_is_ranked_by_p99_where_all_have_it() -> None:
    suite = make_suite({"a": 3000.0, "b": 1000.0}, blocks=180)
    found = analyse(suite)
    assert {c.figure for c in found.comparisons if c.subject.id.endswith("open")} == {"p50", "p99"}
    assert [place.cases for place in found.ranking if "open" in place.group] == [
        (OPEN.format("a"),),
        (OPEN.format("b"),),
    ]


def test_deployment_records_are_summed_up() -> None:
    summary = analyse(make_suite({"a": 3000.0}, rounds=3)).summaries[CLOSED.format("a")]
    assert summary.value("start_s") == pytest.approx(0.42)
    assert summary.value("memory_idle_bytes") == 34_000_000
    assert summary.value("memory_peak_bytes") == 37_000_000


def test_a_first_round_without_a_right_answer_costs_no_report() -> None:
    """Nor one of which no CPU time could be read: the interval is that of the round that is known."""
    suite = make_suite({"a": 3000.0, "b": 2900.0}, rounds=2, blocks=26, open_rate=None)
    wrong: dict[str, Any] = {"ok": 0, "answers": 0.0, "failed": 300, "errors": {"status": 300}}
    no_cpu: dict[str, Any] = {"cpu_s": 0.0}
    for changes in (wrong, no_cpu):
        trials = tuple(
            replace(trial, **changes) if trial.case.startswith("a/") and trial.round == 1 else trial
            for trial in suite.trials
        )
        found = analyse(replace(suite, trials=trials))
        assert found.summaries.keys() == analyse(suite).summaries.keys()
    running = RunningRate()
    for trial in suite.trials:
        if trial.case.startswith("a/"):
            running.add(replace(trial, **wrong) if trial.round == 1 else trial)
    known = running.estimate()
    assert known is not None
    assert known.low is not None
    assert known.low < known.value
