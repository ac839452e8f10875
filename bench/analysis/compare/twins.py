"""How far a run's identical two are apart, as a fraction: a margin below which nothing is claimed."""

from __future__ import annotations

import math

from bench.analysis.compare.figures import CaseFigure, DeploymentFigure
from bench.analysis.compare.match import Run, same_group
from bench.analysis.pairs import compare_twin, deviation, metric_of
from bench.model.variant import SERVER, TWIN


def twin_of_case(run: Run, case_id: str, figure: CaseFigure) -> float:
    """Of a figure in this case's group; 0 without a valid pair."""
    case = next(one.case for one in run.cases if one.case.id == case_id)
    members = [one for one in run.all_cases if same_group(one.case, case) and run.invalid(one) is None]
    originals = {one.deployment.server.name: one for one in members if one.deployment.variant.kind == SERVER}
    metric = metric_of(case.load.model, figure.key)
    return max(
        (
            deviation(compare_twin(metric, original, one))
            for one in members
            if one.deployment.variant.kind == TWIN and (original := originals.get(one.deployment.server.name))
        ),
        default=0.0,
    )


def twin_of_deployment(run: Run, app: str, figure: DeploymentFigure) -> float:
    """Of a figure of the deployments with this app; 0 without a pair."""
    for twin in run.suite.plan.deployments:
        if twin.variant.kind == TWIN and twin.app.name == app:
            originals = [d.name for d in run.deployments if (d.server, d.app) == (twin.server, twin.app)]
            one, other = (
                figure.value([record for name in names for record in run.records(name)])
                for names in (originals, [twin.name])
            )
            if one is not None and other is not None:
                return math.expm1(abs(one.mean - other.mean))
    return 0.0
