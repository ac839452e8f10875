"""One case over many runs: which changes between neighbours are more than the runs' own error.

Two neighbours are compared as `bench/analysis/compare` compares two runs. Holm's adjustment is over all steps
that are looked at together, so that among all that are marked there is a false one in one of twenty pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.analysis.compare.figures import COST, OF_A_CASE, THROUGHPUT, CaseFigure
from bench.analysis.compare.match import Run
from bench.analysis.compare.twins import twin_of_case
from bench.analysis.compare.welch import Shift, shift
from bench.analysis.estimate import Effect
from bench.analysis.holm import holm_levels
from bench.analysis.measured import Measured
from bench.analysis.pairs import SMALLEST_CLAIM
from bench.analysis.versions import new_version
from bench.model import Case, Estimate, LoadModel, Suite

FIGURES: Mapping[LoadModel, tuple[CaseFigure, ...]] = {
    model: tuple(figure for figure in figures if figure is not COST) for model, figures in OF_A_CASE.items()
}
"""What is followed, of each load."""


@dataclass(frozen=True)
class Point:
    """One figure of one case in one run.

    Attributes:
        figure: its name, of `FIGURES`.
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


@dataclass(frozen=True)
class Step:
    """From one run's figure to the next run's that may be compared with it.

    Attributes:
        ratio, low, high: new / old with its adjusted 95 % interval.
        smallest: the smallest difference that could have been claimed, as a fraction.
        verdict: what the new run is, "faster" or "slower"; empty without a detectable difference.
    """

    ratio: float
    low: float
    high: float
    smallest: float
    verdict: str


def points(suite: Suite) -> tuple[Point, ...]:
    """What a run adds to trends; nothing if it claims nothing.

    Raises:
        ResultError: a stored histogram can't be decoded.
    """
    if not suite.plan.claims:
        return ()
    run = Run("the run", new_version(suite))
    return tuple(_point(run, one, figure) for one in run.cases for figure in FIGURES[one.case.load.model])


def _point(run: Run, one: Measured, figure: CaseFigure) -> Point:
    return Point(
        case=one.case,
        figure=figure.name,
        effect=figure.value(one),
        margin=max(SMALLEST_CLAIM, twin_of_case(run, one.case.id, figure)),
        reasons=run.verdicts[one.case.id].reasons,
    )


def steps(trends: Sequence[Sequence[Point]]) -> list[dict[int, Step]]:
    """Of each trend the steps, by the place of their new point; all trends are adjusted together.

    Args:
        trends: each one figure of one case, in the order of time.
    """
    pairs = {
        (number, new): (trend[old], trend[new])
        for number, trend in enumerate(trends)
        for old, new in pairwise(place for place, point in enumerate(trend) if point.usable)
    }
    shifts = {
        key: shift(old.usable, new.usable) for key, (old, new) in pairs.items() if old.usable and new.usable
    }
    levels = holm_levels({key: one.p_value for key, one in shifts.items()})
    found: list[dict[int, Step]] = [{} for _ in trends]
    for (number, place), moved in shifts.items():
        found[number][place] = _step(*pairs[number, place], moved, levels[number, place])
    return found


def _step(old: Point, new: Point, moved: Shift, level: float) -> Step:
    margin = max(old.margin, new.margin)
    low, high = moved.interval(level)
    more, throughput = moved.mean > 0, new.figure == THROUGHPUT.name
    word = "faster" if more == throughput else "slower"
    return Step(
        ratio=math.exp(moved.mean),
        low=math.exp(low),
        high=math.exp(high),
        smallest=max(margin, math.expm1((high - low) / 2)),
        verdict=word if moved.exceeds(margin, level) else "",
    )
