"""One run against another, from the rounds of each.

Their trials were not interleaved, so there are no pairs: each run's rounds say how sure its own value is, and
B. Welch's test (Biometrika 34, 1947) puts the two together.
"""

from __future__ import annotations

import math

from bench.analysis.estimate import Effect


def shift(old: Effect, new: Effect) -> Effect:
    """The logarithm of new / old, each the mean of one run's logarithms over its rounds.

    The degrees of freedom are those of Welch and Satterthwaite.
    """
    parts = [(effect.standard_error**2, effect.freedom) for effect in (old, new)]
    variance = sum(square for square, _ in parts)
    spread = sum(square**2 / freedom for square, freedom in parts)
    freedom = variance**2 / spread if spread else old.freedom + new.freedom
    return Effect(new.mean - old.mean, math.sqrt(variance), freedom)
