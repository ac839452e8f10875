"""One case over many runs: which changes between neighbours are more than the runs' own error.

Two neighbours are compared as `bench/analysis/compare` compares two runs. Holm's adjustment is over all steps
that are looked at together, so that among all that are marked there is a false one in one of twenty pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.analysis.claim import Contrast, decide, margin
from bench.analysis.compare.match import ComparedRun
from bench.analysis.compare.twins import twin_of_case
from bench.analysis.compare.welch import as_long, shift
from bench.analysis.estimate import Effect
from bench.analysis.figure import Figure
from bench.analysis.figures import named, ranking
from bench.analysis.groups import subject_of
from bench.analysis.measured import Measured
from bench.analysis.versions import new_version
from bench.model import Case, Comparison, Estimate, Suite


@dataclass(frozen=True)
class Point:
    """One figure of one case in one run.

    Attributes:
        figure: its name, of those that servers are ranked by.
        effect: the mean of its logarithm over the rounds; None where it wasn't measured well enough.
        margin: what the run's twins differ by, as a fraction; at least 1 %.
        reasons: why the case isn't valid; none if it is.
    """

    case: Case
    figure: str
    effect: Effect | None
    margin: float
    reasons: tuple[str, ...]

    @property
    def usable(self) -> Effect | None:
        """What may be compared with other runs."""
        return None if self.reasons else self.effect

    @property
    def estimate(self) -> Estimate | None:
        """The figure, in SI units, with its 95 % interval."""
        if self.effect is None:
            return None
        return Estimate(math.exp(self.effect.mean), *map(math.exp, self.effect.interval()))


def points(suite: Suite) -> tuple[Point, ...]:
    """What a run adds to trends; nothing if it claims nothing.

    Raises:
        ResultError: a stored histogram can't be decoded.
    """
    if not suite.plan.claims:
        return ()
    run = ComparedRun("the run", new_version(suite))
    return tuple(
        _point(run, member, figure) for member in run.cases for figure in ranking(member.case.load.loop)
    )


def _point(run: ComparedRun, member: Measured, figure: Figure[Measured]) -> Point:
    return Point(
        case=member.case,
        figure=figure.name,
        effect=figure.read.effect(member),
        margin=margin([twin_of_case(run, member, figure)]),
        reasons=run.verdicts[member.case.id].reasons,
    )


@dataclass(frozen=True)
class Step:
    """A point of a trend against an earlier one.

    Attributes:
        against: the place of that one.
    """

    against: int
    comparison: Comparison


def steps(trends: Sequence[Sequence[Point]]) -> list[dict[int, Step]]:
    """Of each trend the steps to points from the last before them that they can be compared with, by the
    place of the new one; all trends are adjusted together.

    Args:
        trends: each one figure of one case, in the order of time.
    """
    pairs = [
        (number, old, new) for number, trend in enumerate(trends) for old, new in _comparable(_usable(trend))
    ]
    decided = decide([_contrast(old[1:], new[1:]) for _, old, new in pairs])
    compared: list[dict[int, Step]] = [{} for _ in trends]
    for (number, old, new), comparison in zip(pairs, decided, strict=True):
        compared[number][new[0]] = Step(old[0], comparison)
    return compared


_Placed = tuple[int, Point, Effect]


def _comparable(usable: Sequence[_Placed]) -> Iterator[tuple[_Placed, _Placed]]:
    """Each point with the last before it whose blocks were as long."""
    for place, new in enumerate(usable):
        old = next((old for old in reversed(usable[:place]) if as_long(old[2], new[2])), None)
        if old is not None:
            yield old, new


def _usable(trend: Sequence[Point]) -> list[_Placed]:
    """Points that can be compared, with their places."""
    return [(place, point, point.usable) for place, point in enumerate(trend) if point.usable]


def _contrast(old: tuple[Point, Effect], new: tuple[Point, Effect]) -> Contrast:
    (before, old_effect), (after, new_effect) = old, new
    return Contrast(
        named(after.figure),
        subject_of(after.case),
        subject_of(before.case),
        (math.exp(new_effect.mean), math.exp(old_effect.mean)),
        shift(old_effect, new_effect),
        max(before.margin, after.margin),
    )
