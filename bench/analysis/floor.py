"""The standard error that the blocks of rounds imply: in a run that ends once its intervals are narrow
enough, that over rounds is never taken to be smaller.

Such a run ends early where its rounds agree by luck. What they can't agree better than is known: by how much
their blocks differ. That holds nothing of restarts, so it is never more than a floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from bench.analysis.measured import Share, Shares

Values = np.typing.NDArray[np.float64]


def of_rate(rounds: Shares) -> float:
    """Of the mean of the logarithms of a rate over the rounds."""
    return least_error(variance([_residuals(list(blocks.values()))]) for blocks in rounds.values())


def of_ratio(a: Shares, b: Shares) -> float:
    """Of the mean of the logarithms of the ratio a / b, from the blocks in which both were measured."""
    found = []
    for number in sorted(a.keys() & b.keys()):
        blocks = sorted(a[number].keys() & b[number].keys())
        one, other = (_residuals([shares[number][block] for block in blocks]) for shares in (a, b))
        found.append(variance([one, -other]))
    return least_error(found)


def least_error(variances: Iterable[float | None]) -> float:
    """The standard error of a mean over rounds, each of which varies by so much; None where that isn't known,
    as of a round of one block: it varies like the others. 0 if nothing is known.
    """
    every = list(variances)
    known = [found for found in every if found is not None]
    return math.sqrt(sum(known) / len(known) / len(every)) if known else 0.0


def variance(residuals: Sequence[Values]) -> float | None:
    """Of a round's logarithm, to which each block adds these; None of fewer than two blocks."""
    blocks = np.sum(residuals, axis=0)
    return float(blocks.var(ddof=1)) / len(blocks) if len(blocks) > 1 else None


def _residuals(blocks: Sequence[Share]) -> Values:
    """By how much each block moves the logarithm of the round's rate, which is a ratio of two sums
    (W. Cochran, Sampling Techniques, 1977, 6.3); nothing where none was right.
    """
    much, over = np.array([(block.much, block.over) for block in blocks]).reshape(-1, 2).T
    if not much.sum() > 0:
        return np.empty(0)
    residuals: Values = (much - much.sum() / over.sum() * over) / much.mean()
    return residuals
