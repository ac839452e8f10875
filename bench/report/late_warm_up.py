"""What is said of servers that did once after each start what they do in no other trial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.analysis.cases import measured
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.model import Suite, Trial
from bench.report.units import listed, whole


def lines(suite: Suite) -> Iterator[str]:
    """A sentence for each closed load."""
    cases = measured(suite)
    for name, members in grouped(suite.plan.cases).items():
        paused = [cases[case.id] for case in members if cases[case.id].late]
        if paused:
            lost = listed([_said(case) for case in paused])
            yield (
                f"{name}: once after each start, and in no other trial of a round, {lost} of a trial's "
                f"answers. Python's first full garbage collection is such a pause, which a round has more of "
                f"than the long run. Throughput and CPU a request are without these trials."
            )


def _said(case: Measured) -> str:
    out = [trial for trial in case.trials if (trial.round, trial.block) in case.late]
    return f"{case.case.server} lost {whole(1 - _rate(out) / _rate(case.kept))}"


def _rate(trials: Sequence[Trial]) -> float:
    return sum(trial.answers for trial in trials) / sum(trial.duration_s for trial in trials)
