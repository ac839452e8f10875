"""The one place that decides whether a difference may be claimed: of servers, twins, versions and runs alike.

Two differ only if
1. a step-down test over all that is compared together rejects equality at a family-wise 5 %: Shaffer's where
   these are all pairs of a group, else Holm's (`bench/analysis/stepdown.py`), and
2. the ratio is further from 1 than the margin: 1 %, and what identical twins differ by.

A comparison's `low` and `high` are the interval at the level of the step that decided it. So an interval
excludes 1 exactly where the test rejects. Each covers its ratio in at least 95 % of runs; that all of a group
do at once is promised only for the decisions, not for the intervals.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bench.analysis.estimate import Effect
from bench.analysis.figure import Figure
from bench.analysis.figures import named
from bench.analysis.stepdown import levels
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
    effect: Effect
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


def _decided(one: Contrast, level: float) -> Comparison:
    mean = one.effect.mean
    low, high = one.effect.interval(level)
    claimed = not low <= 0 <= high and math.expm1(abs(mean)) > one.margin
    return Comparison(
        figure=one.figure.name,
        subject=one.subject,
        other=one.other,
        value=one.values[0],
        other_value=one.values[1],
        ratio=math.exp(mean),
        low=math.exp(low),
        high=math.exp(high),
        smallest=max(one.margin, math.expm1((high - low) / 2)),
        better=(mean > 0) == one.figure.more_is_better if claimed else None,
    )


def verdict(comparison: Comparison) -> str:
    """What a new version or run is against the old one, in a word of the figure."""
    if comparison.better is None:
        return NO_DIFFERENCE
    return named(comparison.figure).word(comparison.better)


def deviation(comparison: Comparison) -> float:
    """How far a ratio is from 1, the same for a / b and b / a."""
    return math.expm1(abs(math.log(comparison.ratio)))


def half_width(comparison: Comparison) -> float:
    """Half the width of the interval, as a fraction of the ratio."""
    return math.expm1(math.log(comparison.high / comparison.low) / 2)
