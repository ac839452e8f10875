"""Two stored runs against each other: what changed, how sure that is, and what can't be said.

The runs were not interleaved, so a change of the machine between them is in every figure, and no interval
holds it. What the intervals do hold is each run's own spread over its rounds (`welch.py`), adjusted for the
number of figures (`bench/analysis/holm.py`). Each run's twins count as a margin below which nothing is
claimed, and so does 1 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.analysis.compare.change import Found, changes_of, missing
from bench.analysis.compare.figures import (
    OF_A_CASE,
    OF_A_DEPLOYMENT,
    CaseFigure,
    DeploymentFigure,
)
from bench.analysis.compare.match import (
    DeploymentPair,
    Pair,
    Run,
    have_common_cases,
    match_cases,
    match_deployments,
)
from bench.analysis.compare.surroundings import Difference, differences, refuse_the_incomparable
from bench.analysis.compare.twins import twin_of_case, twin_of_deployment
from bench.analysis.compare.welch import shift
from bench.analysis.pairs import SMALLEST_CLAIM
from bench.analysis.versions import new_version
from bench.model import Change, Suite, Uncompared
from bench.model.errors import UsageError
from bench.model.resume_command import resume_command


@dataclass(frozen=True)
class Changes:
    """Everything that can be said of two runs.

    Attributes:
        notes: what to know before believing it, a sentence each.
    """

    old: Suite
    new: Suite
    changes: tuple[Change, ...]
    not_compared: tuple[Uncompared, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def compare(old: Suite, new: Suite) -> Changes:
    """What changed from the old run to the new one.

    Raises:
        UsageError: nothing can be compared: other machines, no common case, a run that claims nothing.
        ResultError: a stored histogram can't be decoded.
    """
    refuse_the_incomparable(old, new)
    before, after = Run("OLD", new_version(old)), Run("NEW", new_version(new))
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
    return Changes(
        old,
        new,
        changes_of([one for one in results if isinstance(one, Found)]),
        (*other_cases, *(one for one in results if isinstance(one, Uncompared)), *other_deployments),
        differences(old, new),
        tuple(_notes(before, after)),
    )


def _of_case(old: Run, new: Run, pair: Pair, figure: CaseFigure) -> Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    if one is None or other is None:
        return missing(pair.subject, figure, one, other)
    moved = shift(one, other)
    twins = twin_of_case(old, pair.old.case.id, figure), twin_of_case(new, pair.new.case.id, figure)
    return Found(pair.subject, figure, one, other, moved, max(SMALLEST_CLAIM, *twins))


def _of_deployment(old: Run, new: Run, pair: DeploymentPair, figure: DeploymentFigure) -> Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    if one is None or other is None:
        return missing(pair.subject, figure, one, other)
    twins = [twin_of_deployment(run, pair.subject.app, figure) for run in (old, new)]
    return Found(pair.subject, figure, one, other, shift(one, other), max(SMALLEST_CLAIM, *twins))


def _notes(old: Run, new: Run) -> Iterator[str]:
    if old.suite.id == new.suite.id:
        yield f"OLD and NEW are the same run, {old.suite.id}."
    for run in (old, new):
        if not run.suite.complete:
            what = "isn't complete" if run.suite.finished else "was interrupted"
            command = resume_command(run.suite.directory or run.name)
            yield f"{run.name} {what}; `{command}` continues it."
        if not any(deployment.twin for deployment in run.suite.plan.deployments):
            yield f"{run.name} has no twin: its own error is not known, and taken for 1 %."
