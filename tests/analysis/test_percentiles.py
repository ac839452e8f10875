"""Percentiles of many rounds, whose histograms hardly differ, have an interval all the same."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analysis.histogram import Histogram
from bench.analysis.percentiles import percentile, percentile_ratio
from bench.model.histograms import PLACES

ROUND = 2_000
"""Answers in a round."""


def counted(times_us: np.typing.NDArray[np.float64]) -> Histogram:
    """Of times below 2 ms, each of which has a place of its own."""
    return Histogram(np.bincount(np.rint(times_us).astype(np.int64), minlength=PLACES))


def rounds(draw: np.random.Generator, median_us: float, number: int) -> dict[int, Histogram]:
    """Each of a new start, which moves the round by a hundredth."""
    return {
        round_: counted(median_us * np.exp(draw.normal(draw.normal(0, 0.01), 0.4, ROUND)))
        for round_ in range(number)
    }


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_times_are_spread_evenly_over_their_place(share: float) -> None:
    even = counted(np.repeat(np.arange(100.0, 200.0), 10))
    assert even.interpolated_s(share) * 1e6 == pytest.approx(100 + share * 100)
    assert counted(np.full(1000, 150.0)).interpolated_s(share) * 1e6 == pytest.approx(150 + share)


def test_long_times_are_interpolated_within_their_wide_place() -> None:
    counts = np.zeros(PLACES, dtype=np.int64)
    counts[5000] = 10
    histogram = Histogram(counts)
    [longest_s], _ = histogram.recorded()
    assert histogram.interpolated_s(1.0) == pytest.approx(longest_s + 1e-6)
    assert histogram.interpolated_s(0.5) < longest_s < histogram.interpolated_s(1.0)


@pytest.mark.parametrize(("median_us", "number"), [(150, 40), (150, 10), (400, 40)])
def test_intervals_of_a_median_hold_the_truth_with_many_rounds_and_short_times(
    median_us: float, number: int
) -> None:
    """Seeded: the same runs each time."""
    draw = np.random.default_rng(1)
    covered, exact = [], []
    for _ in range(60):
        a, b = (rounds(draw, median_us, number) for _ in range(2))
        ratio = percentile_ratio(a, b, 0.5)
        assert ratio is not None
        low, high = ratio.interval()
        covered.append(low <= 0 <= high)
        exact.append(ratio.standard_error == 0)
    assert not any(exact)
    assert np.mean(covered) >= 0.88


def test_the_value_of_a_run_is_that_of_all_its_rounds() -> None:
    draw = np.random.default_rng(2)
    told = percentile(list(rounds(draw, 300, 20).values()), 0.5)
    assert told is not None
    assert math.exp(told.mean) == pytest.approx(300e-6, rel=0.02)
    assert 0.001 < told.standard_error < 0.01
