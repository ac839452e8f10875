"""One run against another, from the rounds of each, or of tails from the blocks of each.

Their trials were not interleaved, so there are no pairs: each run's rounds say how sure its own value is, and
B. Welch's test (Biometrika 34, 1947) puts the two together. A percentile near the slow end is compared by
what is typical of the blocks, within a run and between runs alike: of two runs each block of one is set
against each of the other, with the interval of Wilcoxon's rank-sum test. A moment at which the machine stood
still moves it as little as it does within a run; a machine that is slower throughout one run is in it, as in
every figure.
What is typical of longer trials is another figure: a standstill each few seconds is in most of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.analysis.estimate import Effect, Ratio
from bench.analysis.hodges_lehmann import Shift, unpaired_shift

_AS_LONG = 1.1
"""Trials whose lengths differ by less than this factor are as long as each other."""


def as_long(old: Effect, new: Effect) -> bool:
    """Whether what is typical of the blocks of both runs is the same figure; True where none is compared."""
    shorter, longer = sorted((old.block_s, new.block_s))
    return longer <= _AS_LONG * shorter


def shift(old: Effect, new: Effect) -> Ratio:
    """The logarithm of new / old, each the mean of one run's logarithms over its rounds.

    The degrees of freedom are those of Welch and Satterthwaite.
    """
    over_blocks = unpaired_shift(old.of_blocks, new.of_blocks)
    if over_blocks is not None:
        return _as_rounds_have_it(over_blocks, old, new)
    parts = [(effect.standard_error**2, effect.freedom) for effect in (old, new)]
    variance = sum(square for square, _ in parts)
    return Effect(new.mean - old.mean, math.sqrt(variance), _freedom(parts))


def _as_rounds_have_it(over_blocks: Shift, old: Effect, new: Effect) -> Shift:
    """Each run's part of the variance grows as much as its blocks are alike."""
    both = (old, new)
    if all(effect.widened == 1 for effect in both):
        return over_blocks
    parts = [(effect.widened**2 / len(effect.of_blocks), effect.freedom_of_blocks) for effect in both]
    independent = sum(1 / len(effect.of_blocks) for effect in both)
    widening = math.sqrt(sum(square for square, _ in parts) / independent)
    return over_blocks.widened(widening, _freedom(parts))


def _freedom(parts: Sequence[tuple[float, float]]) -> float:
    """Of a sum of variances, each with its own."""
    spread = sum(square**2 / freedom for square, freedom in parts)
    whole = sum(square for square, _ in parts)
    return whole**2 / spread if spread else sum(freedom for _, freedom in parts)
