"""The two versions of a run with `--against`, each as if it had been measured alone."""

from __future__ import annotations

from dataclasses import replace

from bench.model import Suite
from bench.model.variant import OLD, SERVER


def new_version(suite: Suite) -> Suite:
    """What a run says of this version: what a run without `--against` would have measured."""
    return _only(suite, old=False)


def old_version(suite: Suite) -> Suite:
    """The other version, whose cases have the plain names of their servers here, and their own ids still."""
    old = _only(suite, old=True)
    deployments = {
        deployment.name: replace(deployment, variant=replace(deployment.variant, kind=SERVER))
        for deployment in old.plan.deployments
    }
    cases = (replace(case, server=deployments[case.deployment].label) for case in old.plan.cases)
    plan = replace(old.plan, deployments=tuple(deployments.values()), cases=tuple(cases))
    return replace(old, plan=plan)


def _only(suite: Suite, *, old: bool) -> Suite:
    deployments = tuple(
        deployment for deployment in suite.plan.deployments if (deployment.variant.kind == OLD) == old
    )
    names = {deployment.name for deployment in deployments}
    cases = tuple(case for case in suite.plan.cases if case.deployment in names)
    ids = {case.id for case in cases}
    return replace(
        suite,
        plan=replace(suite.plan, deployments=deployments, cases=cases),
        trials=tuple(trial for trial in suite.trials if trial.case in ids),
        deployments=tuple(record for record in suite.deployments if record.deployment in names),
        failures=tuple(failure for failure in suite.failures if failure.deployment in names),
    )
