"""The summary of a case: every figure, and what became of its requests."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis import figures
from bench.analysis.measured import Measured
from bench.analysis.outcomes import counts_of, error_rate
from bench.analysis.recycling import restarts
from bench.model import DeploymentRecord, Summary


def summarise(measured: Measured, records: Sequence[DeploymentRecord]) -> Summary:
    """Sum up one case.

    Args:
        records: of this case's deployment, one a round.
    """
    counts = counts_of(measured.trials)
    rounds = {trial.round for trial in measured.trials}
    answers = counts.ok + counts.failed
    return Summary(
        figures={
            **{figure.key: figure.read.value(measured) for figure in figures.OF_A_CASE},
            **{figure.key: figure.read.value(records) for figure in figures.OF_A_DEPLOYMENT},
        },
        error_rate=error_rate(counts),
        requests=answers,
        connections_per_request=counts.connections / answers if answers else None,
        counts=counts,
        restarts=restarts(r for r in records if r.round in rounds),
        late_warm_up=tuple(sorted(measured.late)),
    )
