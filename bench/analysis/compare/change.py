"""From what was found of each figure to what may be said of all together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.compare.figures import Figure
from bench.analysis.compare.welch import Shift
from bench.analysis.estimate import Effect
from bench.analysis.holm import holm_levels
from bench.model import NO_DIFFERENCE, Change, Subject, Uncompared


@dataclass(frozen=True)
class Found:
    """A change before it is known how many there are.

    Attributes:
        margin: below which nothing is claimed, as a fraction.
    """

    subject: Subject
    figure: Figure
    old: Effect
    new: Effect
    shift: Shift
    margin: float


def changes_of(found: Sequence[Found]) -> tuple[Change, ...]:
    """Each with the interval and the verdict that hold for all of them (Holm)."""
    levels = holm_levels({number: one.shift.p_value for number, one in enumerate(found)})
    return tuple(_change(one, levels[number]) for number, one in enumerate(found))


def missing(subject: Subject, figure: Figure, old: Effect | None, new: Effect | None) -> Uncompared:
    """A figure that can't be compared, and which of the two lacks it."""
    lacking = " and ".join(name for name, value in (("OLD", old), ("NEW", new)) if value is None)
    reason = f"in {lacking}: {figure.missing}" if lacking else "no two rounds in which both were measured"
    return Uncompared(subject, (figure.name,), reason)


def _change(found: Found, level: float) -> Change:
    low, high = found.shift.interval(level)
    mean, figure = found.shift.mean, found.figure
    claimed = found.shift.exceeds(found.margin, level)
    word = figure.better if (mean > 0) == figure.more_is_better else figure.worse
    return Change(
        subject=found.subject,
        figure=figure.name,
        key=figure.key,
        old=math.exp(found.old.mean),
        new=math.exp(found.new.mean),
        ratio=math.exp(mean),
        low=math.exp(low),
        high=math.exp(high),
        smallest=max(found.margin, math.expm1((high - low) / 2)),
        verdict=word if claimed else NO_DIFFERENCE,
    )
