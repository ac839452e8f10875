"""How far a run's identical two are apart, as a fraction: a margin below which nothing is claimed."""

from __future__ import annotations

import math
from collections.abc import Callable

from bench.analysis.claim import deviation
from bench.analysis.compare.match import ComparedRun, same_group
from bench.analysis.figure import Figure, Records
from bench.analysis.measured import Measured
from bench.analysis.pairs import compare_twins
from bench.model.variant import TWIN


def twin_of_case(run: ComparedRun, of: Measured, figure: Figure[Measured]) -> float:
    """How far the twins in this case's group are apart in a figure; 0 without a valid pair."""
    members = [
        member for member in run.all_cases if same_group(member.case, of.case) and run.invalid(member) is None
    ]
    return max(map(deviation, compare_twins(figure, members)), default=0.0)


def twin_of_deployment(app: str) -> Callable[[ComparedRun, Records, Figure[Records]], float]:
    """What says how far twins with this app are apart in a figure of deployments; 0 without a pair."""

    def apart(run: ComparedRun, _records: Records, figure: Figure[Records]) -> float:
        for twin in run.suite.plan.deployments:
            if twin.variant.kind == TWIN and twin.app.name == app:
                originals = [d.name for d in run.deployments if (d.server, d.app) == (twin.server, twin.app)]
                original, other = (
                    figure.read.effect([record for name in names for record in run.records(name)])
                    for names in (originals, [twin.name])
                )
                if original is not None and other is not None:
                    return math.expm1(abs(original.mean - other.mean))
        return 0.0

    return apart
