"""Every quantity that is measured: what it is called, how it is shown, how it is read, and what is paired.

To add one, define it and put it into `OF_A_CASE` or `OF_A_DEPLOYMENT`. Reports in every format, comparisons
and limits find it there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any, Generic, TypeVar

from bench.analysis.estimate import Effect, effect, estimate, level, paired
from bench.analysis.measured import Measured, Shares
from bench.analysis.percentiles import percentile, percentile_ratio
from bench.model import DeploymentRecord, Estimate, LoadModel

Records = Sequence[DeploymentRecord]
"""Those of one deployment, one a round."""

Of = TypeVar("Of", Measured, Records)
"""What a figure belongs to."""

LATENCY = "latency_s"


@dataclass(frozen=True)
class Unit:
    """How a value in SI units is shown: value x `times` / `over`."""

    label: str
    times: float = 1
    over: float = 1

    def of(self, value: float) -> float:
        """The value in this unit."""
        return value * self.times / self.over


@dataclass(frozen=True)
class Figure(Generic[Of]):
    """Something that is measured, of a case or of a deployment.

    Attributes:
        key: as in `result.json`.
        label: within a sentence or a table's row; `heading` is that of a column.
        load: the load that answers it; elsewhere it is beside the point.
        estimate: the value, as reports show it.
        effect: the mean of its logarithm over the rounds; None where it wasn't measured well enough.
        paired: the logarithm of the ratio of two, from the blocks or rounds that both have.
        name: as `--fail-if` has it, and comparisons; empty for a figure that is only shown.
        missing: why a run may not have it.
        words: what the better one is, and the worse one.
        words_of_servers: the same of two servers, where other words are used of them.
        said_of_servers: the label, likewise.
        within: the member of a stored summary that it stands in, beside others of its kind.
        intervals: whether it is stored with its interval.
        tables: of which loads' cases the main tables show it.
        wide: whether it is left out of a table where there is little room.
        ranks: servers are ranked, and followed over runs, by the figure of their load with the lowest such
            number that all pairs have, or else by the last; 0 for those that nothing is ranked by.
        bencher: its name in the Bencher Metric Format; empty if it isn't there.
    """

    key: str
    label: str
    heading: str
    unit: Unit
    more_is_better: bool
    load: LoadModel
    estimate: Callable[[Of], Estimate | None]
    effect: Callable[[Of], Effect | None]
    paired: Callable[[Of, Of], Effect | None]
    name: str = ""
    missing: str = ""
    words: tuple[str, str] = ("better", "worse")
    words_of_servers: tuple[str, str] | None = None
    said_of_servers: str = ""
    within: str = ""
    intervals: bool = False
    tables: tuple[LoadModel, ...] = ()
    wide: bool = False
    ranks: int = 0
    bencher: str = ""

    @property
    def column(self) -> str:
        """Its name where values stand side by side, as in CSV."""
        return f"latency_{self.key}_s" if self.within == LATENCY else self.key

    def word(self, better: bool, *, servers: bool = False) -> str:
        """What the better or the worse of two is."""
        words = (servers and self.words_of_servers) or self.words
        return words[0] if better else words[1]


def rate(shares: Callable[[Measured], Shares], **about: Any) -> Figure[Measured]:
    """So much of something over so much of another, of a case: all of it over all that it took."""

    def over_rounds(rounds: Shares) -> Effect | None:
        levels = (level(blocks.values()) for blocks in rounds.values())
        return effect([found for found in levels if found is not None])

    return Figure(
        estimate=lambda one: estimate(shares(one)),
        effect=lambda one: over_rounds(shares(one)),
        paired=lambda a, b: paired(shares(a), shares(b)),
        intervals=True,
        **about,
    )


def latency(key: str, share: float, *, heading: str = "", **about: Any) -> Figure[Measured]:
    """A percentile of the response times of a case."""

    def published(one: Measured) -> Estimate | None:
        value_s = one.latency.percentile_s(share) if one.latency else None
        return None if value_s is None else Estimate(value_s)

    return Figure(
        key=key,
        label=key,
        heading=heading or key,
        unit=Unit("ms", times=1e3),
        more_is_better=False,
        load="open",
        estimate=published,
        effect=lambda one: percentile(list(one.latency_by_round.values()), share),
        paired=lambda a, b: percentile_ratio(a.latency_by_round, b.latency_by_round, share),
        missing=f"too few samples for a {key}, which takes 100 beyond it and two rounds",
        words=("faster", "slower"),
        within=LATENCY,
        **about,
    )


def of_deployment(
    read: Callable[[DeploymentRecord], float | None], whole: Callable[[Sequence[float]], float], **about: Any
) -> Figure[Records]:
    """What a deployment costs, whatever is asked of it.

    Args:
        read: from one round; None or 0 where it couldn't be read.
        whole: from those of all rounds to the one that is shown.
    """

    def shown(records: Records) -> Estimate | None:
        values = [value for record in records if (value := read(record)) is not None]
        return Estimate(whole(values)) if values else None

    def over_rounds(records: Records) -> Effect | None:
        return effect([math.log(value) for record in records if (value := read(record))])

    def by_round(a: Records, b: Records) -> Effect | None:
        one, other = ({r.round: value for r in records if (value := read(r))} for records in (a, b))
        return effect([math.log(one[n] / other[n]) for n in sorted(one.keys() & other)])

    return Figure(
        more_is_better=False,
        load="closed",
        estimate=shown,
        effect=over_rounds,
        paired=by_round,
        **about,
    )


THROUGHPUT = rate(
    lambda one: one.rates,
    key="throughput_rps",
    name="throughput",
    label="throughput",
    heading="Requests",
    unit=Unit("a second"),
    more_is_better=True,
    load="closed",
    missing="no two rounds with right answers",
    words=("faster", "slower"),
    tables=("closed", "open"),
    ranks=1,
    bencher="throughput",
)
COST = rate(
    lambda one: one.costs,
    key="cpu_s_per_request",
    name="cpu",
    label="CPU",
    heading="CPU",
    unit=Unit("ms a request", times=1e3),
    more_is_better=False,
    load="closed",
    missing="the server's CPU time could not be read in two rounds",
    words_of_servers=("cheaper", "dearer"),
    said_of_servers="CPU a request",
    tables=("closed", "open"),
    bencher="cpu-per-request",
)
P50 = latency("p50", 0.5, name="p50", tables=("closed", "open"), ranks=2, bencher="latency-p50")
P90 = latency("p90", 0.9, tables=("open",))
P95 = latency("p95", 0.95, tables=("open",))
P99 = latency("p99", 0.99, name="p99", tables=("closed", "open"), ranks=1, bencher="latency-p99")
P999 = latency("p999", 0.999, heading="p99.9", tables=("open",), wide=True)
LONGEST = replace(
    latency("max", 1.0, heading="Longest", tables=("open",)),
    estimate=lambda one: Estimate(one.latency.max_s) if one.latency else None,
)
IDLE_MEMORY = of_deployment(
    lambda record: record.memory_idle_bytes,
    lambda values: int(median(values)),
    key="memory_idle_bytes",
    label="idle memory",
    heading="Idle memory",
    unit=Unit("MB", over=1e6),
)
MEMORY = of_deployment(
    lambda record: record.memory_peak_bytes,
    max,
    key="memory_peak_bytes",
    name="memory",
    label="peak memory",
    heading="Peak memory",
    unit=Unit("MB", over=1e6),
    missing="memory could not be read in two rounds",
    tables=("closed",),
    bencher="memory-peak",
)
START = of_deployment(
    lambda record: record.start_s,
    median,
    key="start_s",
    name="start",
    label="start",
    heading="Start",
    unit=Unit("s"),
    missing="no two starts were timed",
    words=("faster", "slower"),
    tables=("closed",),
    wide=True,
)

OF_A_CASE: list[Figure[Measured]] = [THROUGHPUT, P50, P90, P95, P99, P999, LONGEST, COST]
OF_A_DEPLOYMENT: list[Figure[Records]] = [IDLE_MEMORY, MEMORY, START]


def figures() -> tuple[Figure[Any], ...]:
    """All of them, in the order in which reports have them."""
    return (*OF_A_CASE, *OF_A_DEPLOYMENT)


def compared(model: LoadModel) -> tuple[Figure[Measured], ...]:
    """What cases of this load are compared by, first what they are ranked by."""
    known = [figure for figure in OF_A_CASE if figure.name and figure.load == model]
    return tuple(sorted(known, key=lambda figure: figure.ranks or math.inf))


def ranking(model: LoadModel) -> tuple[Figure[Measured], ...]:
    """What cases of this load are ranked by, and followed over runs: the first that all have."""
    return tuple(figure for figure in compared(model) if figure.ranks)


def compared_of_a_deployment() -> tuple[Figure[Records], ...]:
    """What deployments are compared by."""
    return tuple(figure for figure in OF_A_DEPLOYMENT if figure.name)


def names() -> tuple[str, ...]:
    """Of all that is compared, as `--fail-if` has them: of closed load, of open load, of deployments."""
    cases = sorted(OF_A_CASE, key=lambda figure: figure.load == "open")
    known = (*(figure.name for figure in cases), *(figure.name for figure in OF_A_DEPLOYMENT))
    return tuple(filter(None, known))


def named(name: str) -> Figure[Any]:
    """The figure that is compared under this name."""
    return next(figure for figure in figures() if figure.name == name)
