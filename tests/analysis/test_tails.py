"""Tails: what is typical of blocks, exactly as Wilcoxon has it, and who stands still more often."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy
from hdrh.histogram import HdrHistogram

from bench.analysis import analyse
from bench.analysis.cases import measured
from bench.analysis.compare import compare
from bench.analysis.compare.limits import judge_limits, parse_limits
from bench.analysis.hodges_lehmann import FEWEST, Shift, paired_shift, unpaired_shift
from bench.analysis.stalls import SURE, more_often
from bench.analysis.trend import points, steps
from bench.model import Analysis, Comparison, Suite, Trial
from bench.report import FORMATS
from tests.make_suite import make_suite, make_versions

STANDSTILL_US = 60_000
ALIKE = {"a": 3000.0, "b": 3000.0}


def with_standstills(suite: Suite, stands_still: Callable[[Trial], bool], answers: int = 40) -> Suite:
    """Trials of open load in which so many answers came after 60 ms."""

    def stood(trial: Trial) -> Trial:
        if "/open" not in trial.case or not stands_still(trial):
            return trial
        histogram = HdrHistogram.decode(trial.histograms["latency/follow"])
        histogram.record_value(STANDSTILL_US, answers)
        return replace(trial, histograms={**trial.histograms, "latency/follow": histogram.encode().decode()})

    return replace(suite, trials=tuple(map(stood, suite.trials)))


def of_open_load(found: Analysis, figure: str) -> list[Comparison]:
    return [c for c in found.comparisons if c.figure == figure]


def paired(values: list[float]) -> Shift:
    found = paired_shift(values)
    assert found is not None
    return found


def unpaired(old: list[float], new: list[float]) -> Shift:
    found = unpaired_shift(old, new)
    assert found is not None
    return found


@pytest.mark.parametrize("n", [6, 7, 18, 20, 60])
def test_pairs_have_the_p_value_of_the_exact_signed_rank_test(n: int) -> None:
    values = np.random.default_rng(n).normal(0.3, 1, n)
    expected = scipy.stats.wilcoxon(values, method="exact").pvalue
    assert paired(values.tolist()).p_value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("m", "n"), [(6, 6), (6, 9), (18, 20), (40, 17), (60, 60)])
def test_two_runs_have_the_p_value_of_the_exact_rank_sum_test(m: int, n: int) -> None:
    draw = np.random.default_rng(m + n)
    old, new = draw.normal(0, 1, m), draw.normal(0.4, 1, n)
    expected = scipy.stats.mannwhitneyu(new, old, method="exact").pvalue
    assert unpaired(old.tolist(), new.tolist()).p_value == pytest.approx(expected, rel=1e-9)


def test_of_very_many_blocks_both_tests_are_the_normal_ones() -> None:
    draw = np.random.default_rng(1)
    old, new = draw.normal(0, 1, 150), draw.normal(0.2, 1, 200)
    expected = scipy.stats.mannwhitneyu(new, old, method="asymptotic").pvalue
    assert unpaired(old.tolist(), new.tolist()).p_value == pytest.approx(expected, rel=1e-9)
    expected = scipy.stats.wilcoxon(new, method="asymptotic", correction=True).pvalue
    assert paired(new.tolist()).p_value == pytest.approx(expected, rel=1e-9)


def test_more_blocks_than_memory_has_room_for_are_thinned_out() -> None:
    values = np.random.default_rng(1).normal(0.2, 1, 50_000).tolist()
    assert len(paired(values).candidates) == 2000 * 2001 // 2
    assert len(unpaired(values, values[:10_000]).candidates) == 2000 * 2000
    assert paired(values).mean == pytest.approx(0.2, abs=0.1)


def test_a_known_estimate_and_interval() -> None:
    """By hand: of 6 pairs only the interval from the least to the largest has 95 %, 1 - 2 / 64."""
    found = paired([1.0, 2.0, 3.0, 4.0, 5.0, 60.0])
    assert found.mean == 3.5, "the one pair that is far off moves nothing"
    assert found.interval(0.95) == (1.0, 60.0)
    assert found.p_value == pytest.approx(2 / 64)
    assert unpaired([0.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 60.0]).mean == 3.5


@pytest.mark.parametrize("level", [0.95, 0.99, 0.995])
def test_an_interval_excludes_nought_exactly_where_the_test_rejects(level: float) -> None:
    """With ties and noughts, too: differences of whole steps."""
    draw = np.random.default_rng(7)
    rejected = 0
    for number in range(300):
        n = int(draw.integers(FEWEST, 22))
        values, others = draw.integers(-3, 6, n) / 4, draw.integers(-4, 4, 12) / 4
        for found in (paired(values.tolist()), unpaired(others.tolist(), values.tolist())):
            low, high = found.interval(level)
            assert low <= found.mean <= high
            assert (found.p_value <= 1 - level) == (not low <= 0 <= high), number
            rejected += found.p_value <= 1 - level
    assert rejected > 5


def test_intervals_hold_the_truth_however_long_the_tails_are() -> None:
    draw = np.random.default_rng(3)
    held = [0, 0]
    for _ in range(1000):
        low, high = paired((0.2 + draw.standard_cauchy(18)).tolist()).interval()
        held[0] += low <= 0.2 <= high
        low, high = unpaired(
            draw.standard_cauchy(18).tolist(), (0.2 + draw.standard_cauchy(18)).tolist()
        ).interval()
        held[1] += low <= 0.2 <= high
    assert all(940 <= number <= 975 for number in held)


def test_too_few_blocks_say_nothing() -> None:
    assert paired_shift([1.0] * (FEWEST - 1)) is None
    assert unpaired_shift([1.0] * FEWEST, [1.0] * (FEWEST - 1)) is None
    low, high = paired([1.0] * FEWEST).interval(0.995)
    assert math.exp(low) < 1e-100
    assert math.exp(high) > 1e100, "no such interval of six pairs has an end"


def test_equal_blocks_are_no_difference() -> None:
    assert paired([0.0] * 20).p_value == 1
    assert paired([0.0] * 20).interval() == (0, 0)


def test_a_standstill_of_the_machine_moves_no_comparison_and_takes_none_away() -> None:
    """Two of them make the p99 of all answers."""
    suite = make_suite({"fast": 3000.0, "slow": 2000.0}, seed=3)

    def twice(trial: Trial) -> bool:
        return trial.case.startswith("fast") and trial.round < 3 and trial.block == 1

    found = with_standstills(suite, twice, 60)
    (before,), (after,) = (of_open_load(analyse(one), "p99") for one in (suite, found))
    values = {one.case.server: one.latency for one in measured(found).values() if "/open" in one.case.id}
    assert values["fast"] is not None
    assert values["slow"] is not None
    assert values["fast"].quantile_s(0.99) > 3 * values["slow"].quantile_s(0.99), "of all answers"
    assert (after.subject.server, after.better) == ("fast", True)
    assert after.ratio == pytest.approx(before.ratio, rel=0.1)
    places = [place.cases for place in analyse(found).ranking if "open" in place.group]
    assert places == [("fast/shortly/mixed/open",), ("slow/shortly/mixed/open",)]


def test_what_a_server_does_in_each_block_is_found() -> None:
    found = analyse(with_standstills(make_suite(ALIKE), lambda t: t.case.startswith("a/"), 8))
    (p99,) = of_open_load(found, "p99")
    assert (p99.subject.server, p99.better) == ("b", True)
    (p50,) = of_open_load(found, "p50")
    assert p50.better is None


@pytest.mark.parametrize(
    ("rate", "tails"), [(520.0, ["p99"]), (490.0, ["p95"]), (120.0, ["p95"]), (90.0, [])]
)
def test_both_servers_have_the_percentile_that_their_trials_have_requests_for(
    rate: float, tails: list[str]
) -> None:
    suite = make_suite({"a": 3000.0, "b": 1500.0}, open_rate=rate, rounds=10, blocks=30)
    found = analyse(suite)
    assert [c.figure for c in found.comparisons if c.subject.id.endswith("open")] == [*tails, "p50"]
    report = FORMATS["md"](suite, found)
    named = tails[0] if tails else "p50"
    assert f"a second: a is first, at a {named} of" in report


def test_fewer_than_six_rounds_make_no_claim_on_tails() -> None:
    suite = make_suite({"a": 3000.0, "b": 1500.0}, open_rate=2100.0, rounds=5, blocks=10)
    found = analyse(suite)
    assert found.summaries["a/shortly/mixed/open"].value("p99") is not None
    assert [c.figure for c in found.comparisons if c.subject.id.endswith("open")] == ["p50"]
    missing = {figure: one.reason for one in compare(suite, suite).not_compared for figure in one.figures}
    assert missing["p99"].endswith("500 requests a trial and six rounds")


def test_one_standstill_in_a_run_is_no_change_and_a_longer_tail_is() -> None:
    old = make_suite({"a": 3000.0}, seed=1, blocks=40)
    stalled = with_standstills(
        make_suite({"a": 3000.0}, seed=2, blocks=40), lambda t: (t.round, t.block) == (2, 1)
    )
    slower = make_suite({"a": 2000.0}, seed=2, blocks=40)
    verdicts = {}
    for name, new in (("stalled", stalled), ("slower", slower)):
        found = compare(old, replace(new, id=name))
        verdicts[name] = {c.figure: c.better for c in found.changes if c.figure in ("p95", "p99")}
    assert verdicts == {"stalled": {"p95": None, "p99": None}, "slower": {"p95": False, "p99": False}}


def longer_open_trials(suite: Suite, factor: float) -> Suite:
    trials = (replace(t, duration_s=t.duration_s * factor) if "open" in t.case else t for t in suite.trials)
    return replace(suite, id="new", trials=tuple(trials))


@pytest.mark.parametrize(("factor", "as_long"), [(1.05, True), (1 / 1.05, True), (2.5, False), (0.4, False)])
def test_tails_of_longer_trials_are_another_figure(factor: float, as_long: bool) -> None:
    old = make_suite({"a": 3000.0}, blocks=40)
    changes = compare(old, longer_open_trials(old, factor))
    found = {change.figure for change in changes.changes}
    assert {"throughput", "p50", "cpu"} < found
    assert ({"p95", "p99"} <= found) == as_long
    if not as_long:
        reasons = {figure: one.reason for one in changes.not_compared for figure in one.figures}
        length_s = old.plan.trial_s.open
        lengths = f"its trials took {length_s:.2g} s in OLD and {length_s * factor:.2g} s in NEW"
        assert reasons["p95"] == reasons["p99"]
        assert reasons["p99"].startswith(lengths)


def test_a_trend_of_tails_goes_on_from_the_last_run_with_trials_as_long() -> None:
    old = make_suite({"a": 3000.0}, blocks=40)
    runs = [points(suite) for suite in (old, old, longer_open_trials(old, 2.5), old)]
    for figure, expected in (("throughput", {1: 0, 2: 1, 3: 2}), ("p99", {1: 0, 3: 1})):
        trend = [next(point for point in run if point.figure == figure) for run in runs]
        assert {place: step.against for place, step in steps([trend])[0].items()} == expected


def test_two_versions_in_one_run_are_paired_block_by_block() -> None:
    suite = make_versions({"a": 2000.0}, {"a": 3000.0}, twin=None, open_rate=600.0, fail_if=("p95 > +20%",))
    stalled = with_standstills(suite, lambda t: t.case.startswith("a-old") and t.round == 1 and t.block == 1)
    for one in (suite, stalled):
        found = analyse(one)
        assert {c.figure: c.better for c in found.changes if c.figure in ("p95", "p99")} == {
            "p95": False,
            "p99": False,
        }
        (judgement,) = judge_limits(parse_limits(one.plan.fail_if)[0], found)
        assert judgement.state == "exceeded"


def test_who_stood_still_is_fishers_exact_test() -> None:
    draw = np.random.default_rng(2)
    for trials, others in draw.integers(1, 120, (50, 2)).tolist():
        stalled, rest = int(draw.integers(trials + 1)), int(draw.integers(others + 1))
        table = [[stalled, trials - stalled], [rest, others - rest]]
        expected = scipy.stats.fisher_exact(table, alternative="greater").pvalue
        assert more_often(stalled, trials, rest, others) == pytest.approx(expected, rel=1e-9)
    assert more_often(1, 2, 0, 2) == pytest.approx(1 / 2)
    assert more_often(0, 20, 0, 100) == 1


def test_a_server_that_stands_still_now_and_then_is_named_and_its_twin_does_not_hide_it() -> None:
    def stands_still(trial: Trial) -> bool:
        return trial.case.startswith("a") and trial.block == 1

    rates = {"a": 3000.0, "b": 2900.0, "c": 3100.0}
    suite = with_standstills(make_suite(rates, twin="a"), stands_still)
    found = analyse(suite)
    stalls = {one.case.split("/")[0]: one for one in found.stalls}
    assert list(stalls) == ["a", "b", "c"]
    assert (stalls["a"].stalled, stalls["a"].trials) == (6, 18)
    assert (stalls["a"].others_stalled, stalls["a"].others_trials) == (0, 36), "without its twin"
    assert stalls["a"].p_value <= SURE
    assert {name: one.more_often for name, one in stalls.items()} == {"a": True, "b": False, "c": False}
    (p99,) = [c for c in of_open_load(found, "p99") if {c.subject.server, c.other.server} == {"a", "b"}]
    assert p99.better is None, "it is too rare for that"
    said = "a stood still or fell behind in 6 of its 18 trials of 1 s, the others in 0 of 36 "
    for name in ("html", "md", "text"):
        report = " ".join(FORMATS[name](suite, found).split())
        assert report.count(said) == 1, name
        assert "b stood still or" not in report
    document = json.loads(FORMATS["json"](suite, found))
    assert [one["more_often"] for one in document["stalls"]] == [True, False, False]


@pytest.mark.parametrize(("answers", "stalled"), [(4, 0), (5, 18)])
def test_a_trial_stood_still_in_which_five_answers_came_late(answers: int, stalled: int) -> None:
    suite = with_standstills(make_suite(ALIKE), lambda t: t.case.startswith("a/"), answers)
    assert next(one for one in analyse(suite).stalls if one.case.startswith("a/")).stalled == stalled


def test_late_is_late_for_that_server() -> None:
    """One that usually takes 20 ms doesn't stand still after 60."""
    suite = make_suite({"a": 3000.0, "b": 660.0}, noise_sd=0.001, restart_sd=0.001)
    found = analyse(with_standstills(suite, lambda t: t.case.startswith("b/")))
    slow = next(one for one in found.stalls if one.case.startswith("b/"))
    assert slow.beyond_s > STANDSTILL_US / 1e6
    assert slow.stalled == 0


def test_who_is_alone_and_closed_load_stand_still_more_often_than_nobody() -> None:
    alone = make_suite({"a": 3000.0}, twin="a")
    assert analyse(with_standstills(alone, lambda t: t.case.startswith("a/"))).stalls == ()
    assert analyse(make_suite(ALIKE, open_rate=None)).stalls == ()


def test_blocks_that_are_too_few_for_so_many_pairs_are_not_asked() -> None:
    """Of 6 blocks the smallest p-value is 2 / 64: that decides one pair, and none of three."""
    rates = {"a": 3000.0, "b": 2000.0}
    for others, figure in (({}, "p99"), ({"c": 1500.0}, "p50")):
        found = analyse(
            make_suite({**rates, **others}, open_rate=1700.0 - 400 * len(others), rounds=6, blocks=10)
        )
        places = [place for place in found.ranking if "open" in place.group]
        assert len(places) == 2 + len(others)
        assert {c.figure for c in found.comparisons if c.subject.id.endswith("open")} == {figure, "p50"}
