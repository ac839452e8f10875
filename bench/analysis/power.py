"""How large a difference has to be for 8 of 10 such runs to find it.

How much rounds vary is known only by estimate: another run may think itself less sure, and this one may
think itself surer than it is. With few rounds that decides: Student's t of two rounds is right in its
promise of false alarms, but a difference as large as its interval and a bit is found in half of the runs.
So the share of runs is taken over all three: the difference that such a run sees, the standard error that
it sees, and the one that this run saw. The latter two are as Student's t has them, that of a sum of
squares (W. Gosset, "The Probable Error of a Mean", Biometrika 6, 1908).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from bench.analysis.estimate import Ratio, Values
from bench.analysis.student import WIDEST, half_width

SHARE = 0.8
"""Of runs that find it."""
_POINTS = 48
_HALVINGS = 20


def smallest(ratio: Ratio, level: float, margin: float) -> float:
    """The least logarithm of a ratio that 8 of 10 runs as unsure as this one claim, at most `WIDEST`.

    Args:
        level: of confidence at which it is decided.
        margin: the logarithm below which nothing is claimed.
    """
    (lowest, highest), (low, high) = ratio.interval(level), ratio.interval(0.6)
    standard_error = (high - low) / 2 / half_width(1.0, ratio.freedom, 0.6)
    if highest - lowest >= 2 * WIDEST:
        return WIDEST
    if standard_error == 0:
        return margin
    half = (highest - lowest) / 2 / standard_error
    return min(WIDEST, standard_error * _found(ratio.freedom, half, margin / standard_error))


@lru_cache
def _found(freedom: float, half: float, margin: float) -> float:
    """The same in standard errors of this run, as are the half-width at the level and the margin."""
    # As in `student`.
    from scipy.special import ndtr

    seen = _seen(freedom)
    here, there = seen[:, np.newaxis], seen
    least: Values = np.maximum(half * there, margin * here)

    def is_found(difference: float) -> bool:
        return float(ndtr(difference * here - least).mean()) >= SHARE

    low, high = 0.0, 1.0 + max(half, margin)
    while not is_found(high):
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high


@lru_cache
def _seen(freedom: float) -> Values:
    """The standard error that runs see, as a multiple of the true one: the quantiles of so many runs."""
    from scipy.special import gammaincinv

    shares = (np.arange(_POINTS) + 0.5) / _POINTS
    seen: Values = np.sqrt(2 * gammaincinv(freedom / 2, shares) / freedom)
    return seen
