"""Small sums that several claims share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.analysis.estimate import Values, estimate, level
from bench.analysis.histogram import Histogram
from bench.analysis.shares import Rounds, Share
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


@dataclass(frozen=True)
class Spread:
    """How a logarithm varied in a real run.

    Attributes:
        rounds: the blocks of each real round in their order, around their own location.
        restart_sd: standard deviation of the rounds' true levels.
    """

    rounds: tuple[Values, ...]
    restart_sd: float = 0.0

    @property
    def block_sd(self) -> float:
        """Standard deviation between the blocks of a round; 0 where no round has two."""
        every = np.concatenate(self.rounds)
        return float(every.std(ddof=len(self.rounds))) if len(every) > len(self.rounds) else 0.0


def spread_of(rounds: Rounds) -> Spread | None:
    """What a real run's rounds show; None with fewer than two.

    The variance of a round's location is that of restarts and that of its blocks; what independent blocks
    give is taken off. What blocks share with their neighbours stays in it.
    """
    if len(rounds) < 2:
        return None
    series = [np.array([blocks[number] for number in sorted(blocks)]) for blocks in rounds.values()]
    locations = [location(blocks.tolist()) for blocks in series]
    blocks = Spread(tuple(blocks - at for blocks, at in zip(series, locations, strict=True)))
    size = sum(map(len, series)) / len(series)
    between = float(np.var(locations, ddof=1)) - blocks.block_sd**2 / size
    return replace(blocks, restart_sd=math.sqrt(max(0.0, between)))


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
