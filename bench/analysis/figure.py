"""What a figure is: its name, its unit, which way is better, and how it is read and paired."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from bench.analysis import caution
from bench.analysis.estimate import Effect, Ratio, effect, estimate, level, paired
from bench.analysis.measured import Measured
from bench.analysis.percentiles import percentile, percentile_ratio
from bench.analysis.shares import Shares
from bench.analysis.tails import tail, tail_ratio, typical_s
from bench.model import DeploymentRecord, Estimate, Loop

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
class Reading(Generic[Of]):
    """How a figure is read from what was measured of a case, or of a deployment.

    Attributes:
        value: as reports show it.
        effect: the mean of its logarithm over the rounds; None where it wasn't measured well enough.
        paired: the logarithm of the ratio of two, from the blocks or rounds that both have.
        intervals: whether the value has an interval.
        order: what cases are put in order by, in accord with `paired`, where that isn't the value.
    """

    value: Callable[[Of], Estimate | None]
    effect: Callable[[Of], Effect | None]
    paired: Callable[[Of, Of], Ratio | None]
    intervals: bool = False
    order: Callable[[Of], float | None] | None = None

    def place(self, one: Of) -> float | None:
        """What one is put in order by."""
        place = self.order(one) if self.order else None
        if place is None and (value := self.value(one)) is not None:
            return value.value
        return place


@dataclass(frozen=True)
class Figure(Generic[Of]):
    """Something that is measured, of a case or of a deployment.

    Attributes:
        key: as in `result.json`.
        label: within a sentence or a table's row; `heading` is that of a column.
        loop: whether closed or open load answers it; elsewhere it is beside the point.
        read: how it is read and paired.
        name: as `--fail-if` has it, and comparisons; empty for a figure that is only shown.
        instead_of: the name of another by which servers are compared, rather than by this one, where that can
            be done for all pairs.
        missing: why a run may not have it.
        words: what the better one is, and the worse one.
        words_of_servers: the same of two servers, where other words are used of them.
        said_of_servers: the label, likewise.
        within: the member of a stored summary that it stands in, beside others of its kind.
        tables: of closed or open load's cases the main tables show it.
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
    loop: Loop
    read: Reading[Of]
    name: str = ""
    instead_of: str = ""
    missing: str = ""
    words: tuple[str, str] = ("better", "worse")
    words_of_servers: tuple[str, str] | None = None
    said_of_servers: str = ""
    within: str = ""
    tables: tuple[Loop, ...] = ()
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


def rate(shares: Callable[[Measured], Shares]) -> Reading[Measured]:
    """So much of something over so much of another, of a case: all of it over all that it took."""

    def over_rounds(one: Measured) -> Effect | None:
        rounds = shares(one)
        levels = (level(blocks.values()) for blocks in rounds.values())
        implied = caution.of_rate(rounds) if one.cautious else None
        return effect([found for found in levels if found is not None], implied)

    return Reading(
        lambda one: estimate(shares(one), cautious=one.cautious),
        over_rounds,
        lambda a, b: paired(shares(a), shares(b), cautious=a.cautious),
        True,
    )


def quantile(share: float) -> Reading[Measured]:
    """The response time that this share of a case's answers did not exceed; the longest is never too few."""

    def published(one: Measured) -> Estimate | None:
        if one.latency is None:
            return None
        value_s = one.latency.max_s if share == 1 else one.latency.percentile_s(share)
        return None if value_s is None else Estimate(value_s)

    return Reading(
        published,
        lambda one: percentile(list(one.latency_by_round.values()), share),
        lambda a, b: percentile_ratio(a.latency_by_round, b.latency_by_round, share),
    )


def tail_quantile(share: float) -> Reading[Measured]:
    """The same near the slow end, where two are compared block by block."""
    return replace(
        quantile(share),
        effect=lambda one: tail(one, share),
        paired=lambda a, b: tail_ratio(a, b, share),
        order=lambda one: typical_s(one, share),
    )


def of_deployment(
    read: Callable[[DeploymentRecord], float | None], whole: Callable[[Sequence[float]], float]
) -> Reading[Records]:
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

    return Reading(shown, over_rounds, by_round)
