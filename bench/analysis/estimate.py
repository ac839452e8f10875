"""Values with intervals, from trials in blocks in rounds.

All is done on logarithms, so that ratios are differences and intervals are symmetric in percent.

- Within a round: the Hodges-Lehmann location, the median of the Walsh averages of the blocks (J. Hodges and
  E. Lehmann, Annals of Mathematical Statistics 34, 1963). A bad second can't move it, and for a normal sample
  it is 95 % as efficient as the mean.
- Over rounds: the mean of the rounds' locations with a Student t interval on their own spread. Each round has
  fresh deployments, so the spread holds the variation between restarts and that within a round together: the
  highest level of repetition carries the variance (T. Kalibera and R. Jones, "Rigorous Benchmarking in
  Reasonable Time", ISMM 2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.analysis import student
from bench.analysis.measured import Rounds
from bench.model import Estimate

LEVEL = 0.95

Values = np.typing.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """A mean of logarithms over rounds.

    Attributes:
        standard_error: 0 if all rounds agree exactly.
        rounds: at least 2.
    """

    mean: float
    standard_error: float
    rounds: int

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Bounds of the t interval at this level of confidence, as logarithms."""
        half = student.half_width(self.standard_error, self.rounds - 1, level)
        return self.mean - half, self.mean + half

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that the mean is 0."""
        return student.p_value(self.mean, self.standard_error, self.rounds - 1)


def effect(values: Sequence[float]) -> Effect | None:
    """The mean of one value a round; None with fewer than two rounds."""
    if len(values) < 2:
        return None
    array = np.asarray(values)
    error = float(array.std(ddof=1)) / math.sqrt(len(values))
    # What is left of rounding would make identical rounds look like an infinitely sure difference.
    return Effect(float(array.mean()), error if error > 1e-12 else 0.0, len(values))


def hodges_lehmann(values: Sequence[float]) -> float:
    """The median of all averages of two values, each with itself too."""
    return float(np.median(_walsh_averages(values)))


def paired(a: Rounds, b: Rounds) -> Effect | None:
    """The logarithm of the ratio a / b, from the blocks in which both were measured.

    Two trials of one block are neighbours in time, so what the machine did to both cancels.
    """
    return effect([hodges_lehmann(blocks) for blocks in differences(a, b)])


def differences(a: Rounds, b: Rounds) -> list[list[float]]:
    """a - b in each block that both have, of each round that has such blocks."""
    found = (
        [a[number][block] - b[number][block] for block in sorted(a[number].keys() & b[number].keys())]
        for number in sorted(a.keys() & b.keys())
    )
    return [blocks for blocks in found if blocks]


def estimate(rounds: Rounds) -> Estimate | None:
    """The value of one case, in its own unit, with its 95 % interval.

    With a single round the interval is that of the Wilcoxon signed-rank test over its blocks (order
    statistics of the Walsh averages, normal approximation; six blocks at least). It knows nothing of how
    restarts vary, so it is shown but nothing is claimed from it.
    """
    locations = [hodges_lehmann(list(blocks.values())) for blocks in rounds.values()]
    return over_rounds(locations, list(next(iter(rounds.values()), {}).values()))


def over_rounds(locations: Sequence[float], blocks: Sequence[float]) -> Estimate | None:
    """`estimate`, from what it makes of each round.

    Args:
        blocks: of the first round, which give the interval where it is the only one.
    """
    found = effect(locations)
    if found is not None:
        low, high = found.interval()
        return Estimate(math.exp(found.mean), math.exp(low), math.exp(high))
    return _single_round(blocks, locations[0]) if locations else None


def _single_round(blocks: Sequence[float], location: float) -> Estimate:
    n = len(blocks)
    if n < 6:
        return Estimate(math.exp(location))
    averages = np.sort(_walsh_averages(blocks))
    spread = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    skip = max(0, math.floor(n * (n + 1) / 4 - student.normal_quantile(LEVEL) * spread) - 1)
    return Estimate(math.exp(location), math.exp(averages[skip]), math.exp(averages[-1 - skip]))


def _walsh_averages(values: Sequence[float]) -> Values:
    array = np.asarray(values, dtype=np.float64)
    i, j = np.triu_indices(len(array))
    averages: Values = (array[i] + array[j]) / 2
    return averages
