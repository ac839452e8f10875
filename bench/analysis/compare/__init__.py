"""Two stored runs against each other: what changed, how sure that is, and what can't be said.

The runs were not interleaved, so a change of the machine between them is in every figure, and no interval
holds it. What the intervals do hold is each run's own spread over its rounds (`welch.py`), adjusted for the
number of figures (`bench/analysis/holm.py`). Each run's twins count as a margin below which nothing is
claimed, and so does 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.analysis.compare.figures import (
    OF_A_CASE,
    OF_A_DEPLOYMENT,
    THROUGHPUT,
    CaseFigure,
    DeploymentFigure,
    Figure,
)
from bench.analysis.compare.match import (
    DeploymentPair,
    Pair,
    Run,
    Subject,
    Uncompared,
    have_common_cases,
    match_cases,
    match_deployments,
    same_group,
)
from bench.analysis.compare.surroundings import Difference, differences, refuse_the_incomparable
from bench.analysis.compare.welch import Shift, shift
from bench.analysis.estimate import Effect
from bench.analysis.holm import holm_levels
from bench.analysis.pairs import METRICS, SMALLEST_CLAIM, compare_twin, deviation
from bench.errors import UsageError
from bench.model import TWIN_SUFFIX, Suite

NO_DIFFERENCE = "no detectable difference"


@dataclass(frozen=True)
class Change:
    """One figure in both runs.

    Attributes:
        figure: its name; `key` is that of `result.json`.
        old, new: the values, in SI units: means over the rounds, on logarithms.
        ratio, low, high: new / old with its adjusted 95 % interval.
        smallest: the smallest difference that could have been claimed, as a fraction.
        verdict: what the new run is: "faster", "slower", "better", "worse" or `NO_DIFFERENCE`.
    """

    subject: Subject
    figure: str
    key: str
    old: float
    new: float
    ratio: float
    low: float
    high: float
    smallest: float
    verdict: str

    @property
    def claimed(self) -> bool:
        """Whether it is a difference."""
        return self.verdict != NO_DIFFERENCE


@dataclass(frozen=True)
class Changes:
    """Everything that can be said of two runs.

    Attributes:
        notes: what to know before believing it, a sentence each.
    """

    old: Suite
    new: Suite
    changes: tuple[Change, ...]
    uncompared: tuple[Uncompared, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A change before it is known how many there are.

    Attributes:
        margin: below which nothing is claimed, as a fraction.
        confirmed: False where all trials together point the other way: standstills, which the location
            over blocks hides.
    """

    subject: Subject
    figure: Figure
    old: Effect
    new: Effect
    shift: Shift
    margin: float
    confirmed: bool


def compare(old: Suite, new: Suite) -> Changes:
    """What changed from the old run to the new one.

    Raises:
        UsageError: nothing can be compared: other machines, no common case, a run that claims nothing.
        ResultError: a stored histogram can't be decoded.
    """
    refuse_the_incomparable(old, new)
    before, after = Run("OLD", old), Run("NEW", new)
    if not have_common_cases(before, after):
        raise UsageError(
            "OLD and NEW have no case in common (server, app, scenario, load and number of users). Measure "
            "both with the same --servers, --app, --scenarios and --users."
        )
    cases, other_cases = match_cases(before, after)
    deployments, other_deployments = match_deployments(before, after)
    results = [
        *(_of_case(before, after, pair, f) for pair in cases for f in OF_A_CASE[pair.old.case.load.model]),
        *(_of_deployment(before, after, pair, f) for pair in deployments for f in OF_A_DEPLOYMENT),
    ]
    found = [one for one in results if isinstance(one, _Found)]
    levels = holm_levels({number: one.shift.p_value for number, one in enumerate(found)})
    return Changes(
        old,
        new,
        tuple(_change(one, levels[number]) for number, one in enumerate(found)),
        (*other_cases, *(one for one in results if isinstance(one, Uncompared)), *other_deployments),
        differences(old, new),
        tuple(_notes(before, after)),
    )


def _of_case(old: Run, new: Run, pair: Pair, figure: CaseFigure) -> _Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    if one is None or other is None:
        return _missing(pair.subject, figure, one, other)
    moved = shift(one, other)
    more = pair.new.pooled_rate() > pair.old.pooled_rate()
    confirmed = figure is not THROUGHPUT or (moved.mean > 0) == more
    twins = twin_of_case(old, pair.old.case.id, figure), twin_of_case(new, pair.new.case.id, figure)
    return _Found(pair.subject, figure, one, other, moved, max(SMALLEST_CLAIM, *twins), confirmed)


def _of_deployment(old: Run, new: Run, pair: DeploymentPair, figure: DeploymentFigure) -> _Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    if one is None or other is None:
        return _missing(pair.subject, figure, one, other)
    twins = [_twin_of_deployment(run, pair.subject.app, figure) for run in (old, new)]
    return _Found(
        pair.subject, figure, one, other, shift(one, other), max(SMALLEST_CLAIM, *twins), confirmed=True
    )


def _missing(subject: Subject, figure: Figure, old: Effect | None, new: Effect | None) -> Uncompared:
    runs = " and ".join(name for name, value in (("OLD", old), ("NEW", new)) if value is None)
    return Uncompared(subject, (figure.name,), f"in {runs}: {figure.missing}")


def _change(found: _Found, level: float) -> Change:
    low, high = found.shift.interval(level)
    mean, figure = found.shift.mean, found.figure
    claimed = found.confirmed and found.shift.exceeds(found.margin, level)
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


def twin_of_case(run: Run, case_id: str, figure: CaseFigure) -> float:
    """How far the identical two of this case's group are apart in one run; 0 without a valid pair."""
    case = next(one.case for one in run.cases if one.case.id == case_id)
    members = [one for one in run.all_cases if same_group(one.case, case) and run.invalid(one) is None]
    originals = {one.case.server: one for one in members if not one.deployment.twin}
    metric = next(metric for metric in METRICS[case.load.model] if metric.name == figure.key)
    return max(
        (
            deviation(compare_twin(metric, original, one))
            for one in members
            if one.deployment.twin and (original := originals.get(one.case.server.removesuffix(TWIN_SUFFIX)))
        ),
        default=0.0,
    )


def _twin_of_deployment(run: Run, app: str, figure: DeploymentFigure) -> float:
    for twin in run.suite.plan.deployments:
        if twin.twin and twin.app.name == app:
            originals = [d.name for d in run.deployments if (d.server, d.app) == (twin.server, twin.app)]
            one, other = (
                figure.value([record for name in names for record in run.records(name)])
                for names in (originals, [twin.name])
            )
            if one is not None and other is not None:
                return math.expm1(abs(one.mean - other.mean))
    return 0.0


def _notes(old: Run, new: Run) -> Iterator[str]:
    if old.suite.id == new.suite.id:
        yield f"OLD and NEW are the same run, {old.suite.id}."
    for run in (old, new):
        if not run.suite.complete:
            yield f"{run.name} was interrupted; `wsgi-bench resume` continues it."
        if not any(deployment.twin for deployment in run.suite.plan.deployments):
            yield f"{run.name} has no twin: its own error is not known, and taken for 1 %."
