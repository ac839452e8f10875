"""What two runs are compared by."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.compare.welch import located, percentile
from bench.analysis.estimate import Effect, effect
from bench.analysis.measured import Measured
from bench.model import MODELS, DeploymentRecord, LoadModel

Records = Sequence[DeploymentRecord]
"""Those of one deployment, one a round."""


@dataclass(frozen=True)
class Figure:
    """Something that two runs are compared by.

    Attributes:
        key: as in `result.json`.
        name: as `--fail-if` has it.
        better, worse: what the new run is where the figure improved, and where it got worse.
        missing: why a run may not have it.
    """

    key: str
    name: str
    more_is_better: bool
    better: str
    worse: str
    missing: str


@dataclass(frozen=True)
class CaseFigure(Figure):
    """A figure of a case.

    Attributes:
        value: the mean of its logarithm over a run's rounds; None where it wasn't measured well enough.
    """

    value: Callable[[Measured], Effect | None]


@dataclass(frozen=True)
class DeploymentFigure(Figure):
    """A figure of a deployment, whatever was asked of it.

    Attributes:
        read: of one round; None or 0 where it couldn't be read.
    """

    read: Callable[[DeploymentRecord], float | None]

    def value(self, records: Records) -> Effect | None:
        """The mean of its logarithm over a run's rounds; None where it wasn't read in two."""
        return effect([math.log(value) for record in records if (value := self.read(record))])


def _latency(name: str, share: float) -> CaseFigure:
    missing = f"too few samples for a {name}, which takes 100 beyond it and two rounds"
    return CaseFigure(
        name,
        name,
        False,
        "faster",
        "slower",
        missing,
        lambda one: percentile(list(one.latency_by_round.values()), share),
    )


THROUGHPUT = CaseFigure(
    key="throughput_rps",
    name="throughput",
    more_is_better=True,
    better="faster",
    worse="slower",
    missing="no two rounds with right answers",
    value=lambda one: located(one.rates),
)
COST = CaseFigure(
    key="cpu_s_per_request",
    name="cpu",
    more_is_better=False,
    better="better",
    worse="worse",
    missing="the server's CPU time could not be read in two rounds",
    value=lambda one: located(one.costs),
)
P50 = _latency("p50", 0.5)
P99 = _latency("p99", 0.99)
MEMORY = DeploymentFigure(
    key="memory_peak_bytes",
    name="memory",
    more_is_better=False,
    better="better",
    worse="worse",
    missing="memory could not be read in two rounds",
    read=lambda record: record.memory_peak_bytes,
)
START = DeploymentFigure(
    key="start_s",
    name="start",
    more_is_better=False,
    better="faster",
    worse="slower",
    missing="no two starts were timed",
    read=lambda record: record.start_s,
)

_BY_KEY = {figure.key: figure for figure in (THROUGHPUT, COST, P50, P99)}
OF_A_CASE: Mapping[LoadModel, tuple[CaseFigure, ...]] = {
    model: tuple(_BY_KEY[key] for key in load.figures) for model, load in MODELS.items()
}
OF_A_DEPLOYMENT = (MEMORY, START)
FIGURES: tuple[Figure, ...] = (THROUGHPUT, COST, P50, P99, MEMORY, START)
