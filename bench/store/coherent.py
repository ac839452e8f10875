"""Whether the parts of a result belong together: each on its own may be well formed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bench.model import Plan, Suite, Trial
from bench.model.jsonable import Malformed, shown
from bench.model.ranges import MOST_TRIALS
from bench.store.histograms import fault


def require_coherent_plan(plan: Plan) -> None:
    """Each case has its deployment, and each name stands for one.

    Raises:
        Malformed: with what doesn't fit.
    """
    for problem in _problems_of_plan(plan):
        raise Malformed(problem)


def require_coherent(suite: Suite) -> None:
    """The same of a whole result: each trial was planned, its counts add up, and its histograms are such.

    Raises:
        Malformed: with what doesn't fit.
    """
    for problem in _problems(suite):
        raise Malformed(problem)


def require_known(ids: Iterable[str], plan: Plan, what: str) -> None:
    """That cases which something names are planned.

    Raises:
        Malformed: one isn't.
    """
    unknown = sorted(set(ids) - {case.id for case in plan.cases})
    if unknown:
        raise Malformed(f"{what} of {shown(unknown[0])}, which plan.cases doesn't have")


def _problems_of_plan(plan: Plan) -> Iterator[str]:
    if not plan.cases or not plan.deployments:
        yield "plan: without a case or a deployment"
    yield from _doubled((d.name for d in plan.deployments), "plan.deployments")
    yield from _doubled((case.id for case in plan.cases), "plan.cases")
    names = {deployment.name for deployment in plan.deployments}
    for case in plan.cases:
        if case.deployment not in names:
            yield f"plan.cases: {shown(case.deployment)} is not among plan.deployments"
        if not case.id.isprintable():
            yield f"plan.cases: {shown(case.id)} isn't printable"
    for name, scenario in plan.scenarios.items():
        if name != scenario.name or not scenario.requests:
            yield f"plan.scenarios: {shown(name)} is of another name, or asks nothing"
    if plan.counted_from > plan.rounds:
        yield f"plan.counted_from: round {plan.counted_from} of {plan.rounds}"
    trials = plan.rounds * (plan.blocks + plan.open_blocks) * len(plan.cases)
    if trials > MOST_TRIALS:
        yield f"plan: {trials} trials, more than any run has"


def _problems(suite: Suite) -> Iterator[str]:
    yield from _problems_of_plan(suite.plan)
    require_known((trial.case for trial in suite.trials), suite.plan, "trials")
    names = {deployment.name for deployment in suite.plan.deployments}
    for record in suite.deployments:
        if record.deployment not in names:
            yield f"deployments: {shown(record.deployment)} is not among plan.deployments"
    seen = set()
    for trial in suite.trials:
        place = trial.case, trial.round, trial.block
        if place in seen:
            yield f"{_named(trial)} stands there twice"
        seen.add(place)
        yield from _problems_of_trial(trial)


def _problems_of_trial(trial: Trial) -> Iterator[str]:
    ended = trial.ok + trial.failed + trial.dropped + trial.unfinished
    if ended != trial.offered:
        yield f"{_named(trial)}: {trial.offered} requests offered, but {ended} accounted for"
    for name, encoded in trial.histograms.items():
        if why := fault(encoded):
            yield f"{_named(trial)}: its histogram {shown(name)} can't be used, {why}"


def _doubled(names: Iterable[str], where: str) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{where}: {shown(name)} stands there {times} times"


def _named(trial: Trial) -> str:
    return f"the trial of case {shown(trial.case)}, round {trial.round}, block {trial.block}"
