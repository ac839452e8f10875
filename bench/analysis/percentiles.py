"""Percentiles of whole runs, with what the rounds say of their error: one jackknife for all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.analysis.estimate import Effect, effect
from bench.analysis.histogram import MIN_SAMPLES_BEYOND, Histogram

PERCENTILES = (0.5, 0.9, 0.95, 0.99)


def open_load_s(share: float, rate: float) -> float:
    """Seconds of open load, at so many requests a second, that a percentile takes."""
    return MIN_SAMPLES_BEYOND / (1 - share) / rate


def percentile(rounds: Sequence[Histogram], share: float) -> Effect | None:
    """The logarithm of a percentile over the whole run.

    None with too few samples beyond it, or fewer than two rounds.
    """
    whole = Histogram.sum(rounds)
    if whole is None or len(rounds) < 2 or whole.percentile_s(share) is None:
        return None
    left_out = [math.log(whole.without(histogram).interpolated_s(share)) for histogram in rounds]
    return _jackknife(math.log(whole.interpolated_s(share)), left_out)


def percentile_ratio(a: Mapping[int, Histogram], b: Mapping[int, Histogram], share: float) -> Effect | None:
    """The logarithm of a / b, of the percentile over all rounds that both have; None as above."""
    rounds = sorted(a.keys() & b.keys())
    first, other = (Histogram.sum([histograms[number] for number in rounds]) for histograms in (a, b))
    if first is None or other is None or len(rounds) < 2:
        return None
    if first.percentile_s(share) is None or other.percentile_s(share) is None:
        return None
    left_out = [
        math.log(
            first.without(a[number]).interpolated_s(share) / other.without(b[number]).interpolated_s(share)
        )
        for number in rounds
    ]
    return _jackknife(math.log(first.interpolated_s(share) / other.interpolated_s(share)), left_out)


def _jackknife(whole: float, left_out: Sequence[float]) -> Effect | None:
    """A statistic of all rounds, with the error that leaving each round out in turn tells.

    Percentiles are interpolated: read to a microsecond, those of left-out rounds would often be equal. A
    round alone may be too short for a percentile. The pseudo-values of leaving each round out stand for
    the rounds (J. Tukey, "Bias and Confidence in Not-quite Large Samples", Annals of Mathematical
    Statistics 29, 1958); the percentile itself is published only with enough samples beyond it.
    """
    n = len(left_out)
    pseudo = effect([n * whole - (n - 1) * without for without in left_out])
    # Their mean would correct a bias that is small, and add the noise of its estimate.
    return None if pseudo is None else replace(pseudo, mean=whole)
