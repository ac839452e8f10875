"""One run against another, from the rounds of each.

Their trials were not interleaved, so there are no pairs: each run's rounds say how sure its own value is, and
B. Welch's test (Biometrika 34, 1947) puts the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.analysis import student
from bench.analysis.estimate import Effect, effect, level
from bench.analysis.histogram import Histogram
from bench.analysis.measured import Shares


@dataclass(frozen=True)
class Shift:
    """The logarithm of new / old.

    Attributes:
        standard_error: 0 if all rounds agree exactly.
        freedom: degrees of freedom, by Welch and Satterthwaite.
    """

    mean: float
    standard_error: float
    freedom: float

    def interval(self, level: float) -> tuple[float, float]:
        """Bounds at this level of confidence, as logarithms."""
        half = student.half_width(self.standard_error, self.freedom, level)
        return self.mean - half, self.mean + half

    def exceeds(self, margin: float, level: float) -> bool:
        """Whether it is more than a margin, as a fraction, and its interval at this level excludes 0."""
        low, high = self.interval(level)
        return not low <= 0 <= high and math.expm1(abs(self.mean)) > margin

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that nothing changed."""
        return student.p_value(self.mean, self.standard_error, self.freedom)


def shift(old: Effect, new: Effect) -> Shift:
    """From old to new; each is the mean of one run's logarithms over its rounds."""
    parts = [(one.standard_error**2, one.rounds - 1) for one in (old, new)]
    variance = sum(square for square, _ in parts)
    spread = sum(square**2 / freedom for square, freedom in parts)
    freedom = variance**2 / spread if spread else float(old.rounds + new.rounds - 2)
    return Shift(new.mean - old.mean, math.sqrt(variance), freedom)


def located(rounds: Shares) -> Effect | None:
    """One run's value from what its trials have reached; None with fewer than two rounds."""
    return effect([found for blocks in rounds.values() if (found := level(blocks.values())) is not None])


def percentile(rounds: Sequence[Histogram], share: float) -> Effect | None:
    """The logarithm of a percentile over the whole run, with a jackknife over its rounds.

    None with too few samples beyond it, or fewer than two rounds.
    """
    whole = Histogram.sum(rounds)
    if whole is None or len(rounds) < 2 or whole.percentile_s(share) is None:
        return None
    value = math.log(whole.quantile_s(share))
    n = len(rounds)
    left_out = [math.log(whole.without(one).quantile_s(share)) for one in rounds]
    found = effect([n * value - (n - 1) * without for without in left_out])
    # The jackknife's mean would correct a bias that is small, and add the noise of its estimate.
    return None if found is None else replace(found, mean=value)
