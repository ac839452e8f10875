"""Every case of a run, with what was measured of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from bench.analysis.late_warm_up import late
from bench.analysis.measured import Measured, counting
from bench.analysis.recycling import records_of, recycles, restarts
from bench.model import Deployment, Suite, Trial

# What a report says is asked for part by part, each of the same suite, or of the two that it compares.
_made: deque[tuple[Suite, Mapping[str, Measured]]] = deque(maxlen=2)


def measured(suite: Suite) -> Mapping[str, Measured]:
    """Every planned case, by id, measured or not, with the trials that count (`counting`).

    What was made of the last two suites is kept, with the histograms that were decoded since.
    """
    for known, cases in _made:
        if known is suite:
            return cases
    cases = _arranged(suite)
    _made.append((suite, cases))
    return cases


def _arranged(suite: Suite) -> Mapping[str, Measured]:
    deployments = {deployment.name: deployment for deployment in suite.plan.deployments}
    counts = counting(suite)
    cautious = suite.plan.until is not None
    server_cpus = len(suite.environment.cpu_split.server)
    trials: dict[str, list[Trial]] = {}
    for trial in suite.trials:
        if counts(trial):
            trials.setdefault(trial.case, []).append(trial)
    cases = {
        case.id: Measured(
            case, deployments[case.deployment], tuple(trials.get(case.id, ())), cautious, server_cpus
        )
        for case in suite.plan.cases
    }
    anew = {name for name, deployment in deployments.items() if _starts_anew(suite, deployment)}
    left_out = late([case for case in cases.values() if case.case.deployment in anew], suite.trials)
    return cases | {id_: replace(cases[id_], late=blocks) for id_, blocks in left_out.items()}


def _starts_anew(suite: Suite, deployment: Deployment) -> bool:
    """Whether its processes are started in each round, and are the same ones to the round's end."""
    return (
        suite.plan.runtime != "external"
        and not recycles(deployment.server)
        and not restarts(records_of(suite, deployment.name))
    )
