"""The old and the new version of one run against each other: what changed, and how sure that is.

Both were measured in the same blocks, so what the machine did to both cancels: ratios are those of
`bench/analysis/pairs.py`, from the same blocks, with Student's t over rounds.
Memory and start are paired by round. All is adjusted together (Holm), and the margins are those of `compare`:
1 %, and what the run found between its twins.
"""

from __future__ import annotations

import math

from bench.analysis.compare.change import Found, changes_of, missing
from bench.analysis.compare.figures import (
    OF_A_CASE,
    OF_A_DEPLOYMENT,
    CaseFigure,
    DeploymentFigure,
    Records,
)
from bench.analysis.compare.match import DeploymentPair, Pair, Run, match_cases, match_deployments
from bench.analysis.compare.twins import twin_of_case, twin_of_deployment
from bench.analysis.compare.welch import Shift
from bench.analysis.estimate import Effect, effect
from bench.analysis.pairs import SMALLEST_CLAIM, metric_of
from bench.analysis.versions import new_version, old_version
from bench.model import Change, Suite, Uncompared


def compare_versions(suite: Suite) -> tuple[tuple[Change, ...], tuple[Uncompared, ...]]:
    """What changed from the version that `Plan.against` names to this one, and what can't be said.

    Nothing of a run without another version, or one that claims nothing.
    """
    if suite.plan.against is None or not suite.plan.claims:
        return (), ()
    old, new = Run("OLD", old_version(suite)), Run("NEW", new_version(suite))
    cases, other_cases = match_cases(old, new)
    deployments, other_deployments = match_deployments(old, new)
    results = [
        *(_of_case(new, pair, figure) for pair in cases for figure in OF_A_CASE[pair.old.case.load.model]),
        *(_of_deployment(new, pair, figure) for pair in deployments for figure in OF_A_DEPLOYMENT),
    ]
    return (
        changes_of([one for one in results if isinstance(one, Found)]),
        (*other_cases, *(one for one in results if isinstance(one, Uncompared)), *other_deployments),
    )


def _of_case(new: Run, pair: Pair, figure: CaseFigure) -> Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    moved = metric_of(pair.new.case.load.model, figure.key).effect(pair.new, pair.old)
    if one is None or other is None or moved is None:
        return missing(pair.subject, figure, one, other)
    margin = max(SMALLEST_CLAIM, twin_of_case(new, pair.new.case.id, figure))
    return Found(pair.subject, figure, one, other, _shift(moved), margin)


def _of_deployment(new: Run, pair: DeploymentPair, figure: DeploymentFigure) -> Found | Uncompared:
    one, other = figure.value(pair.old), figure.value(pair.new)
    moved = _by_round(figure, pair.old, pair.new)
    if one is None or other is None or moved is None:
        return missing(pair.subject, figure, one, other)
    margin = max(SMALLEST_CLAIM, twin_of_deployment(new, pair.subject.app, figure))
    return Found(pair.subject, figure, one, other, _shift(moved), margin)


def _by_round(figure: DeploymentFigure, old: Records, new: Records) -> Effect | None:
    """The logarithm of new / old, from the rounds in which both were read."""
    before, after = ({one.round: value for one in r if (value := figure.read(one))} for r in (old, new))
    return effect([math.log(after[number] / before[number]) for number in sorted(before.keys() & after)])


def _shift(found: Effect) -> Shift:
    return Shift(found.mean, found.standard_error, float(found.rounds - 1))
