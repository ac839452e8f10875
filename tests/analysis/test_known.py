"""How well a run knows its ratios, and intervals that are never narrower than blocks imply."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.analysis import analyse, caution
from bench.analysis.cases import measured
from bench.analysis.claim import half_width
from bench.analysis.estimate import effect, level
from bench.analysis.figures import COST, THROUGHPUT
from bench.analysis.known import FEWEST_ROUNDS, Known, known
from bench.analysis.running import RunningRate
from bench.analysis.shares import Share
from bench.model import Suite
from tests.make_suite import make_suite, make_versions

RATES = {"a": 3000.0, "b": 2900.0, "c": 1000.0}


def until(suite: Suite, within: float = 0.015) -> Suite:
    """The same trials, of a run that went on until ratios were known."""
    return replace(suite, plan=replace(suite.plan, until=within))


def look(suite: Suite) -> Known:
    found = known(suite, analyse(suite).verdicts)
    assert found is not None
    return found


def agreeing() -> Suite:
    """Rounds that agree by luck: each has the same trials, which differ among themselves."""
    suite = make_suite(RATES, rounds=6, blocks=8, open_rate=None, histograms=False)
    first = [trial for trial in suite.trials if trial.round == 1]
    return replace(suite, trials=tuple(replace(t, round=number) for number in range(1, 7) for t in first))


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_blocks_imply_the_error_of_a_mean_of_rounds_without_restarts(noise: float) -> None:
    draw = np.random.default_rng(3)
    means, errors = [], []
    for _ in range(300):
        a, b = (
            {r: {n: Share(100 * math.exp(draw.normal(0, noise)), 0.1) for n in range(9)} for r in range(4)}
            for _ in range(2)
        )
        differences = [(level(a[r].values()) or 0) - (level(b[r].values()) or 0) for r in a]
        means.append(float(np.mean(differences)))
        errors.append(caution.of_ratio(a, b))
    assert math.sqrt(np.mean(np.square(errors))) == pytest.approx(float(np.std(means)), rel=0.12)


def test_what_both_share_in_a_block_is_in_no_ratio() -> None:
    mood = [0.7, 1.0, 1.4, 0.9]
    a = {1: {n: Share(100 * much, 0.1) for n, much in enumerate(mood)}}
    b = {1: {n: Share(250 * much, 0.1) for n, much in enumerate(mood)}}
    assert caution.of_ratio(a, b) == pytest.approx(0, abs=1e-12)
    assert caution.of_rate(a) > 0.1


def test_a_round_of_one_block_varies_like_the_others_and_one_alone_says_nothing() -> None:
    assert caution.least_error([0.04, None, 0.04, None]) == pytest.approx(0.1)
    assert caution.of_rate({1: {0: Share(10, 1)}, 2: {0: Share(11, 1)}}) == 0


def test_a_round_without_a_right_answer_is_none_of_those_that_count() -> None:
    nothing = {0: Share(0, 1), 1: Share(0, 1)}
    some = {0: Share(10, 1), 1: Share(12, 1)}
    assert caution.of_rate({1: nothing}) == caution.of_rate({1: {0: Share(1, 0), 1: Share(2, 0)}}) == 0
    assert caution.of_rate({1: some, 2: nothing}) == caution.of_rate({1: some}) > 0
    both = caution.of_ratio({1: some, 2: some}, {1: {0: Share(7, 1), 1: Share(7, 1)}, 2: nothing})
    assert both == pytest.approx(caution.of_rate({1: some}))


def test_the_larger_of_luck_and_blocks_counts() -> None:
    values = [0.1, 0.2, 0.3, 0.2]
    plain = effect(values)
    assert plain is not None
    assert effect(values, 0.5) == replace(plain, standard_error=0.5)
    wider = effect(values, 0.0)
    assert wider is not None
    assert wider.standard_error == pytest.approx(plain.standard_error * math.sqrt(1 + 4 / 4))


def test_only_a_run_that_ends_by_its_width_has_cautious_intervals() -> None:
    plain, cautious = analyse(agreeing()), analyse(until(agreeing()))
    assert {one.figure for one in plain.comparisons} == {THROUGHPUT.name, COST.name}
    for one, other in zip(plain.comparisons, cautious.comparisons, strict=True):
        assert one.ratio == other.ratio
        assert half_width(one) < 1e-9 < 0.001 < half_width(other)
    for case, summary in cautious.summaries.items():
        for key in (THROUGHPUT.key, COST.key):
            wide, narrow = summary.figures[key], plain.summaries[case].figures[key]
            assert wide is not None
            assert narrow is not None
            assert (wide.low or 0) < 0.999 * (narrow.low or 0) <= narrow.value < 0.999 * (wide.high or 0)


def test_a_running_rate_has_the_interval_of_the_report() -> None:
    suite = until(agreeing())
    running = RunningRate(cautious=True)
    case = suite.plan.cases[0].id
    for trial in suite.trials:
        if trial.case == case:
            running.add(trial)
    assert running.estimate() == analyse(suite).summaries[case].figures[THROUGHPUT.key]


def test_the_widest_of_neighbours_counts() -> None:
    suite = until(make_suite(RATES, twin="a", rounds=8, blocks=8, open_rate=None, histograms=False))
    cases = {one.case.server: one for one in measured(suite).values()}
    widths = {
        (a, b): half_width_of(suite, a, b) for a, b in [("a", "b"), ("b", "c"), ("a", "c"), ("a", "a-twin")]
    }
    assert look(suite).half_width == max(widths["a", "b"], widths["b", "c"])
    assert look(suite).rounds == 8
    assert cases.keys() == {*RATES, "a-twin"}


def half_width_of(suite: Suite, one: str, other: str) -> float:
    cases = {found.case.server: found for found in measured(suite).values()}
    found = THROUGHPUT.read.paired(cases[one], cases[other])
    assert found is not None
    return math.expm1(found.interval()[1] - found.mean)


def test_a_server_alone_is_set_against_its_twin() -> None:
    suite = until(make_suite({"a": 3000.0}, twin="a", blocks=8, open_rate=None, histograms=False))
    assert look(suite).half_width == half_width_of(suite, "a", "a-twin")


def test_of_two_versions_each_server_is_set_against_its_old_one() -> None:
    suite = until(make_versions({"a": 3000.0, "b": 1000.0}, {"a": 3000.0, "b": 990.0}, twin=None))
    cases = {found.case.server: found for found in measured(suite).values()}
    widths = [half_width_of(suite, name, f"{name}-old") for name in ("a", "b")]
    assert set(cases) == {"a", "b", "a-old", "b-old"}
    assert look(suite).half_width == max(widths)


def test_what_is_not_valid_is_not_looked_at() -> None:
    suite = until(make_suite(RATES, error_share={"b": 0.5}, open_rate=None, histograms=False))
    assert look(suite).half_width == half_width_of(suite, "a", "c")
    lonely = make_suite({"a": 3000.0, "b": 2900.0}, error_share={"b": 0.5}, open_rate=None, histograms=False)
    assert known(lonely, analyse(lonely).verdicts) is None


def test_a_run_knows_enough_from_the_sixth_round_on() -> None:
    assert not Known(0.001, FEWEST_ROUNDS - 1).enough(0.015)
    assert Known(0.015, FEWEST_ROUNDS).enough(0.015)
    assert not Known(0.016, 40).enough(0.015)


def test_rounds_are_foreseen_by_their_root_and_by_students_t() -> None:
    assert Known(0.0, 3).rounds_for(0.015) == FEWEST_ROUNDS
    assert Known(0.001, 3).rounds_for(0.015) == FEWEST_ROUNDS
    assert Known(0.015, 20).rounds_for(0.015) == 20
    assert Known(0.03, 100).rounds_for(0.015) == pytest.approx(400, rel=0.1)
    assert Known(0.03, 6).rounds_for(0.015) < 24, "Student's t shrinks, too"
    assert Known(1e9, 3).rounds_for(0.0005) >= 10_000
