"""Small sums that several claims share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bench.analysis.estimate import estimate, level
from bench.analysis.histogram import Histogram
from bench.analysis.measured import Rounds, Share
from bench.model import Estimate, Trial


def of_ratios(ratios: Sequence[float]) -> Estimate:
    """The mean of some ratios, with its 95 % interval from six of them on, as the harness estimates."""
    found = estimate({1: {number: Share(ratio, 1.0) for number, ratio in enumerate(ratios)}})
    assert found is not None, "there is at least one ratio"
    return found


def block_differences(a: Rounds, b: Rounds) -> dict[int, dict[int, float]]:
    """a - b in each block that both have, of each round that has such blocks."""
    found = {
        number: {block: a[number][block] - b[number][block] for block in a[number].keys() & b[number].keys()}
        for number in sorted(a.keys() & b.keys())
    }
    return {number: blocks for number, blocks in found.items() if blocks}


def location(logarithms: Iterable[float]) -> float:
    """The logarithm of a mean, as the harness estimates within a round."""
    found = level(Share(math.exp(one), 1.0) for one in logarithms)
    assert found is not None, "a mean of positive numbers has a logarithm"
    return found


def half(found: Estimate) -> float:
    """Half the width of an interval, as a fraction; 0 without one."""
    if found.low is None or found.high is None:
        return 0.0
    return math.expm1(math.log(found.high / found.low) / 2)


def near_one(found: Mapping[str, Estimate], tolerance: float) -> tuple[bool | None, str]:
    """Whether all of these ratios are 1 within the tolerance and half of their own interval, and a note.

    One that is further off is a No, however noisy the others are. Else one whose interval alone is wider
    than the tolerance, or that has none, says neither: None.
    """
    outside = [name for name, e in found.items() if e.low and abs(e.value - 1) > tolerance + half(e)]
    if outside:
        return False, f"outside: {', '.join(outside)}"
    without = [name for name, e in found.items() if e.low is None]
    if without:
        return None, f"too few pairs for an interval: {', '.join(without)}"
    noisiest = max(map(half, found.values()))
    if noisiest > tolerance:
        return None, f"too noisy: ±{noisiest:.1%}"
    return True, ""


def ratio_words(found: Estimate) -> str:
    """E.g. "1.012 ±0.4 %"."""
    return f"{found.value:.3f} ±{half(found) * 100:.1f} %"


def quantile_s(trials: Iterable[Trial], kind: str, share: float) -> float:
    """A quantile of the trials' merged histograms, seconds, however few samples they hold."""
    merged = Histogram.merge(
        text for trial in trials for name, text in trial.histograms.items() if name.startswith(f"{kind}/")
    )
    return merged.quantile_s(share) if merged is not None else math.nan


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that a share of all doesn't exceed."""
    return float(np.quantile(values, share, method="inverted_cdf"))
