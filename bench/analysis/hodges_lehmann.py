"""By how much values typically differ, with exact intervals that no outlier moves.

The estimate is that of J. Hodges and E. Lehmann (Annals of Mathematical Statistics 34, 1963): the median of
all candidates for the difference. Where values come in pairs these are the means of each two differences,
each with itself included (Walsh averages); else they are the differences of each value of one from each of
the other. How many candidates lie on one side of the truth has a distribution that doesn't depend on that of
the values: it is that of F. Wilcoxon's signed-rank and rank-sum statistics (Biometrics Bulletin 1, 1945),
whose tests and intervals follow. A candidate that is exactly 0 counts against a difference, so ties make a
test more careful.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bench.analysis.estimate import LEVEL
from bench.analysis.student import WIDEST, as_sure

FEWEST = 6
"""With fewer pairs no 95 % interval has an end."""

Values = np.typing.NDArray[np.float64]

# What is left of rounding in a sum of chances that is 5 % in truth.
_ROUNDING = 1e-12
# From so many candidates on, their number on one side of the truth is as good as normal.
_MANY = 10_000
_MOST = 2_000


@dataclass(frozen=True, eq=False)
class Shift:
    """How far two are apart, on logarithms.

    Attributes:
        candidates: for the difference, ascending.
        chances: that so many candidates at most lie on one given side of the truth: from 0 to all of them.
        of_values: the degrees of freedom that a mean of the values would have, were they independent.
        freedom: those that it has.
    """

    candidates: Values
    chances: Values
    of_values: float
    freedom: float

    @property
    def mean(self) -> float:
        """The typical difference."""
        return float(np.median(self.candidates))

    def widened(self, factor: float, freedom: float) -> Shift:
        """The same with intervals so many times as wide, and as unsure as so few degrees of freedom."""
        candidates = self.mean + factor * (self.candidates - self.mean)
        return replace(self, candidates=candidates, freedom=freedom)

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that there is no difference."""
        fewest = min(int(np.sum(self.candidates <= 0)), int(np.sum(self.candidates >= 0)))
        chance = min(1.0, 2 * float(self.chances[fewest]))
        return as_sure(chance, self.of_values, self.freedom)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Bounds at this level of confidence, or a higher one; without end where there are too few values.

        They exclude 0 exactly where the p-value is at most 1 - `level`.
        """
        chance = as_sure(1 - level, self.freedom, self.of_values)
        left_out = int(np.searchsorted(2 * self.chances, chance + _ROUNDING, side="right"))
        if left_out == 0:
            return -WIDEST, WIDEST
        return float(self.candidates[left_out - 1]), float(self.candidates[-left_out])


def paired_shift(differences: Sequence[float]) -> Shift | None:
    """Of pairs of values, from their differences; None with fewer than `FEWEST`."""
    values = _no_more_than_fit(differences)
    n = len(values)
    if n < FEWEST:
        return None
    first, second = np.triu_indices(n)
    candidates = np.sort((values[first] + values[second]) / 2)
    if len(candidates) > _MANY:
        return Shift(candidates, _normal(len(candidates), n * (n + 1) * (2 * n + 1) / 24), n - 1, n - 1)
    return Shift(candidates, _signed_rank(n), n - 1, n - 1)


def unpaired_shift(old: Sequence[float], new: Sequence[float]) -> Shift | None:
    """Of new values from old ones that they aren't paired with; None with fewer than `FEWEST` of either."""
    before, after = _no_more_than_fit(old), _no_more_than_fit(new)
    if min(len(before), len(after)) < FEWEST:
        return None
    m, n = len(before), len(after)
    candidates = np.sort(np.subtract.outer(after, before), axis=None)
    if len(candidates) > _MANY:
        return Shift(candidates, _normal(m * n, m * n * (m + n + 1) / 12), m + n - 2, m + n - 2)
    return Shift(candidates, _rank_sum(m, n), m + n - 2, m + n - 2)


def each_that_fits(values: int) -> int:
    """Of so many values each how many-th is used: pairs of more than 2,000 would fill memory."""
    return -(-values // _MOST) or 1


def _no_more_than_fit(values: Sequence[float]) -> Values:
    return np.asarray(values, dtype=np.float64)[:: each_that_fits(len(values))]


def _normal(candidates: int, variance: float) -> Values:
    # As in `student`.
    from scipy.special import ndtr

    chances: Values = ndtr((np.arange(candidates + 1) + 0.5 - candidates / 2) / math.sqrt(variance))
    return chances


@lru_cache
def _signed_rank(n: int) -> Values:
    """The distribution function of the sum of those of the ranks 1 to n that a fair coin picks."""
    chances = np.zeros(n * (n + 1) // 2 + 1)
    chances[0] = 1.0
    for rank in range(1, n + 1):
        chances[rank:] += chances[:-rank].copy()
        chances /= 2
    return np.cumsum(chances)


@lru_cache
def _rank_sum(m: int, n: int) -> Values:
    """That of the pairs in which one of m values exceeds one of n, all orders being alike.

    Each order of m and n values ends with one of the m, which exceeds all of the n, or with one of the n (H.
    Mann and D. Whitney, Annals of Mathematical Statistics 18, 1947).
    """
    fewer = [np.ones(1)] * (n + 1)
    for i in range(1, m + 1):
        row = [np.ones(1)]
        for j in range(1, n + 1):
            both = np.zeros(i * j + 1)
            both[j:] = fewer[j] * i / (i + j)
            both[: len(row[-1])] += row[-1] * j / (i + j)
            row.append(both)
        fewer = row
    return np.cumsum(fewer[n])
