"""The one place that decides whether a difference may be claimed: of servers, twins, versions and runs alike.

Two differ only if
1. a step-down test over all that is compared together rejects equality at a family-wise 5 %: Shaffer's where
   these are all pairs of a group, else Holm's (`bench/analysis/stepdown.py`), and
2. the ratio is further from 1 than the margin: 1 %, and what identical twins differ by; of throughput also
   what other programs may have caused (`bench/analysis/other_programs.py`).

A comparison's `low` and `high` are its own 95 % interval, which covers the ratio in 95 % of runs. Of twenty
such intervals one misses, so an interval that excludes 1 is no claim yet: the test above decides.

`smallest` is what 8 of 10 such runs find, by a test at the level of its step (`bench/analysis/power.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bench.analysis.estimate import Ratio
from bench.analysis.figure import Figure
from bench.analysis.figures import named
from bench.analysis.power import smallest
from bench.analysis.stepdown import levels
from bench.analysis.student import WIDEST
from bench.model import NO_DIFFERENCE, Comparison, Subject

SMALLEST_CLAIM = 0.01
"""No difference below 1 % is ever claimed."""


@dataclass(frozen=True)
class Contrast:
    """One figure of two, before it is known with how many others it is compared.

    Attributes:
        values: of the subject and of the other, in SI units.
        effect: the logarithm of the ratio of the two.
        margin: below which nothing is claimed, as a fraction.
    """

    figure: Figure[Any]
    subject: Subject
    other: Subject
    values: tuple[float, float]
    effect: Ratio
    margin: float


def margin(deviations: Iterable[float]) -> float:
    """Below which nothing is claimed, where twins were found to deviate by so much."""
    return max((SMALLEST_CLAIM, *deviations))


def decide(together: Sequence[Contrast]) -> tuple[Comparison, ...]:
    """Each with the interval and the verdict that hold for all of them."""
    p_values = {number: contrast.effect.p_value for number, contrast in enumerate(together)}
    decided_at = levels(p_values, _group([(one.subject.id, one.other.id) for one in together]))
    return tuple(_decided(contrast, decided_at[number]) for number, contrast in enumerate(together))


def _group(compared: Sequence[tuple[str, str]]) -> int | None:
    """How many members the group has whose pairs these are; None if they aren't just all pairs of one."""
    members = sorted({member for pair in compared for member in pair})
    pairs = sorted(tuple(sorted(pair)) for pair in compared)
    return len(members) if pairs == list(combinations(members, 2)) else None


def _decided(contrast: Contrast, level: float) -> Comparison:
    mean = contrast.effect.mean
    deciding_low, deciding_high = contrast.effect.interval(level)
    low, high = contrast.effect.interval()
    rejected = not deciding_low <= 0 <= deciding_high
    claimed = rejected and math.expm1(abs(mean)) > contrast.margin
    return Comparison(
        figure=contrast.figure.name,
        subject=contrast.subject,
        other=contrast.other,
        value=contrast.values[0],
        other_value=contrast.values[1],
        ratio=math.exp(mean),
        low=math.exp(low),
        high=math.exp(high),
        smallest=math.expm1(smallest(contrast.effect, level, math.log1p(contrast.margin))),
        better=(mean > 0) == contrast.figure.more_is_better if claimed else None,
    )


def verdict(comparison: Comparison) -> str:
    """What a new version or run is against the old one, in a word of the figure."""
    if comparison.better is None:
        return NO_DIFFERENCE
    return named(comparison.figure).word(comparison.better)


def deviation(comparison: Comparison) -> float:
    """How far a ratio is from 1, the same for a / b and b / a."""
    return math.expm1(abs(math.log(comparison.ratio)))


def could_be_claimed(comparison: Comparison) -> bool:
    """Whether any difference could have been: so few values have no interval of a level so high."""
    return comparison.smallest < math.expm1(WIDEST)


def half_width(comparison: Comparison) -> float:
    """Half the width of the interval, as a fraction of the ratio."""
    return math.expm1(math.log(comparison.high / comparison.low) / 2)
