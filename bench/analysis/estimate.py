"""Values with intervals, from trials in blocks in rounds.

- Within a round: all that was counted over all the time it took (or all CPU time over all answers). That
  is what the long run does, whatever the distribution of service times. A location over blocks, such as a
  median, is not: a server that stands still in every fiftieth trial has the same median as one that never
  does.
- Over rounds: the mean of the rounds' logarithms with a Student t interval on their own spread. Each round
  has fresh deployments, so the spread holds the variation between restarts and that within a round together:
  the highest level of repetition carries the variance (T. Kalibera and R. Jones, "Rigorous Benchmarking in
  Reasonable Time", ISMM 2013). On logarithms ratios are differences, and intervals are symmetric in percent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.analysis import caution, student
from bench.analysis.shares import Share, Shares
from bench.model import Estimate

LEVEL = 0.95

Values = np.typing.NDArray[np.float64]


class Ratio(Protocol):
    """How far two are apart: the logarithm of their ratio, with its error."""

    @property
    def mean(self) -> float:
        """The estimate."""
        ...

    @property
    def freedom(self) -> float:
        """Degrees of freedom of its error."""
        ...

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that they are equal."""
        ...

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Bounds at this level of confidence, which exclude 0 where the p-value is at most 1 - `level`."""
        ...


@dataclass(frozen=True)
class Effect:
    """A mean of logarithms over rounds, or the difference of two such means.

    Attributes:
        standard_error: 0 if all rounds agree exactly.
        freedom: degrees of freedom of the standard error.
        of_blocks: the logarithm in each block, where two runs are compared by these; else none.
        widened, freedom_of_blocks: by what factor their interval is wider since blocks of a round are alike,
            and the degrees of freedom that it then has.
        block_s: how long the trials of these blocks usually are.
    """

    mean: float
    standard_error: float
    freedom: float
    of_blocks: tuple[float, ...] = ()
    widened: float = 1.0
    freedom_of_blocks: float = 0.0
    block_s: float = 0.0

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Bounds of the t interval at this level of confidence, as logarithms."""
        half = student.half_width(self.standard_error, self.freedom, level)
        return self.mean - half, self.mean + half

    @property
    def p_value(self) -> float:
        """Two-sided, of the hypothesis that the mean is 0."""
        return student.p_value(self.mean, self.standard_error, self.freedom)


def effect(values: Sequence[float], implied: float | None = None) -> Effect | None:
    """The mean of one value a round; None with fewer than two rounds.

    Args:
        implied: the standard error that blocks imply, of a run that ends by the width of its intervals
            (`bench/analysis/caution.py`); None of any other run.
    """
    if len(values) < 2:
        return None
    array = np.asarray(values)
    error = float(array.std(ddof=1)) / math.sqrt(len(values))
    if implied is not None:
        error = caution.standard_error(error, len(values), implied)
    # What is left of rounding would make identical rounds look like an infinitely sure difference.
    return Effect(float(array.mean()), error if error > 1e-12 else 0.0, len(values) - 1)


def paired(a: Shares, b: Shares, *, cautious: bool = False) -> Effect | None:
    """The logarithm of the ratio a / b, from the blocks in which both were measured.

    Two trials of one block are neighbours in time, so what the machine did to both cancels.

    Args:
        cautious: of a run that ends by the width of its intervals.
    """
    return effect(differences(a, b), caution.of_ratio(a, b) if cautious else None)


def differences(a: Shares, b: Shares) -> list[float]:
    """The logarithm of a / b in each round that both have, from the blocks in which both were measured."""
    per_round = []
    for number in sorted(a.keys() & b.keys()):
        blocks = a[number].keys() & b[number].keys()
        first, other = (level(shares[number][block] for block in blocks) for shares in (a, b))
        if first is not None and other is not None:
            per_round.append(first - other)
    return per_round


def level(shares: Iterable[Share]) -> float | None:
    """The logarithm of what some trials have reached together; None where that is nothing."""
    much = over = 0.0
    for share in shares:
        much, over = much + share.much, over + share.over
    return math.log(much / over) if much > 0 and over > 0 else None


def estimate(rounds: Shares, *, cautious: bool = False) -> Estimate | None:
    """The value of one case, in its own unit, with its 95 % interval.

    With a single round the interval is that of a ratio of two sums over its blocks (W. Cochran, Sampling
    Techniques, 1977, 6.3; six blocks at least). It knows nothing of how restarts vary, so it is shown but
    nothing is claimed from it.

    Args:
        cautious: see `paired`.
    """
    known = [
        (in_round, list(blocks.values()))
        for blocks in rounds.values()
        if (in_round := level(blocks.values())) is not None
    ]
    first = known[0][1] if known else []
    implied = caution.of_rate(rounds) if cautious else None
    return over_rounds([in_round for in_round, _ in known], first, implied)


def over_rounds(
    levels: Sequence[float], blocks: Sequence[Share], implied: float | None = None
) -> Estimate | None:
    """`estimate`, from what it makes of each round.

    Args:
        blocks: of the first of those rounds, which give the interval where it is the only one.
        implied: see `effect`.
    """
    over_all = effect(levels, implied)
    if over_all is not None:
        low, high = over_all.interval()
        return Estimate(math.exp(over_all.mean), math.exp(low), math.exp(high))
    return _single_round(blocks, levels[0]) if levels else None


def _single_round(blocks: Sequence[Share], log_value: float) -> Estimate:
    n = len(blocks)
    if n < 6:
        return Estimate(math.exp(log_value))
    much, over = np.array([(block.much, block.over) for block in blocks]).T
    residuals = much - math.exp(log_value) * over
    error = float(residuals.std(ddof=1)) / math.sqrt(n) / float(much.mean())
    half = student.half_width(error, n - 1, LEVEL)
    return Estimate(math.exp(log_value), math.exp(log_value - half), math.exp(log_value + half))
