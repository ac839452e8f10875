"""Standard errors of a run that ends once its intervals are narrow enough.

Such a run ends early where its rounds agree by luck, so that intervals as of other runs would hold the truth
too seldom (Y. Chow and H. Robbins, "On the Asymptotic Theory of Fixed-Width Sequential Confidence Intervals",
Annals of Mathematical Statistics 36, 1965). Two things keep them honest (docs/decisions/078-until.md):

- The variance over n rounds is taken for 1 + 4/n of what it is: the luck of ending early is of the order 1/n
  (M. Woodroofe, "Second Order Approximations for Sequential Point and Interval Estimation", Annals of
  Statistics 5, 1977).
- It is never taken to be below what the blocks of the rounds imply. Rounds can't agree better than by how
  much their blocks differ. That holds nothing of restarts, so it is a floor and no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from bench.analysis.shares import Share, Shares

Values = np.typing.NDArray[np.float64]

_LUCK = 4


def standard_error(over_rounds: float, rounds: int, implied: float) -> float:
    """What is taken for the standard error of a mean.

    Args:
        over_rounds: as of so many rounds of any other run.
        implied: by blocks; see `of_ratio`.
    """
    return max(over_rounds * math.sqrt(1 + _LUCK / rounds), implied)


def of_rate(rounds: Shares) -> float:
    """The standard error that blocks imply of the mean of a rate's logarithms over the rounds."""
    every = (_residuals(list(blocks.values())) for blocks in rounds.values())
    return least_error(_variance(residuals) for residuals in every if residuals is not None)


def of_ratio(a: Shares, b: Shares) -> float:
    """The same of the ratio a / b, from the blocks in which both were measured."""
    variances = []
    for number in sorted(a.keys() & b.keys()):
        blocks = sorted(a[number].keys() & b[number].keys())
        of_a, of_b = (_residuals([shares[number][block] for block in blocks]) for shares in (a, b))
        if of_a is not None and of_b is not None:
            variances.append(_variance(of_a - of_b))
    return least_error(variances)


def least_error(variances: Iterable[float | None]) -> float:
    """The standard error of a mean over rounds, each of which varies by so much; None where that isn't known,
    as of a round of one block: it varies like the others. 0 if nothing is known.
    """
    every = list(variances)
    known = [variance for variance in every if variance is not None]
    return math.sqrt(sum(known) / len(known) / len(every)) if known else 0.0


def _variance(residuals: Values) -> float | None:
    """Of a round's logarithm, to which each block adds one of these; None of a single block."""
    return float(residuals.var(ddof=1)) / len(residuals) if len(residuals) > 1 else None


def _residuals(blocks: Sequence[Share]) -> Values | None:
    """By how much each block moves the logarithm of the round's rate, which is a ratio of two sums
    (W. Cochran, Sampling Techniques, 1977, 6.3); None where it has no logarithm.
    """
    much, over = np.array([(block.much, block.over) for block in blocks]).reshape(-1, 2).T
    if not (much.sum() > 0 and over.sum() > 0):
        return None
    residuals: Values = (much - much.sum() / over.sum() * over) / much.mean()
    return residuals
