"""What was measured of one case, arranged for estimates and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bench.analysis.histogram import Histogram
from bench.analysis.shares import Block, Rounds, Share, Shares, rate_of
from bench.model import Case, Deployment, Suite, Trial

TAILS = (0.95, 0.99)
"""Percentiles that are compared block by block."""


@dataclass(frozen=True)
class Measured:
    """A case with its trials. Decodes histograms when they are asked for, once.

    Attributes:
        cautious: whether its run ends once its intervals are narrow enough (`Plan.until`), so that they are
            taken to be wider (`bench/analysis/caution.py`).
        server_cpus: how many CPUs the server may use; 0 if that isn't known.
        late: rounds and blocks of the trials that are in neither throughput nor CPU a request
            (`bench/analysis/late_warm_up.py`).
    """

    case: Case
    deployment: Deployment
    trials: tuple[Trial, ...]
    cautious: bool = False
    server_cpus: int = 0
    late: frozenset[Block] = frozenset()

    @cached_property
    def kept(self) -> tuple[Trial, ...]:
        """The trials that are in its rates."""
        return tuple(trial for trial in self.trials if (trial.round, trial.block) not in self.late)

    @cached_property
    def log_rates(self) -> Rounds:
        """Right answers a second of each trial; those without one are left out."""
        return {
            number: {
                block: math.log(share.much / share.over) for block, share in blocks.items() if share.much > 0
            }
            for number, blocks in self.rates.items()
            if any(share.much > 0 for share in blocks.values())
        }

    @cached_property
    def rates(self) -> Shares:
        """Right answers over seconds."""
        return self.by_round(rate_of)

    @cached_property
    def costs(self) -> Shares:
        """CPU seconds of the server over right answers, where they could be read."""
        return self.by_round(lambda t: None if t.cpu_s is None else Share(t.cpu_s, t.answers))

    @cached_property
    def latency(self) -> Histogram | None:
        """Response times over all trials and endpoints; for open load from when each was due."""
        return latency_of(self.trials)

    @cached_property
    def lateness(self) -> Histogram | None:
        """How late the generator sent what was due."""
        return _merge("lateness", self.trials)

    @cached_property
    def latency_by_round(self) -> Mapping[int, Histogram]:
        """`latency`, a histogram a round."""
        rounds = {r: [t for t in self.trials if t.round == r] for r in sorted({t.round for t in self.trials})}
        merged = {number: latency_of(trials) for number, trials in rounds.items()}
        return {number: histogram for number, histogram in merged.items() if histogram is not None}

    @cached_property
    def log_tails(self) -> Mapping[float, Mapping[Block, float]]:
        """By share: the logarithm of what so many of a trial's answers did not exceed, for each trial."""
        tails: dict[float, dict[Block, float]] = {share: {} for share in TAILS}
        for block, histogram in self.latency_by_block():
            for share in TAILS:
                tails[share][block] = math.log(histogram.quantile_s(share))
        return tails

    def latency_by_block(self) -> Iterator[tuple[Block, Histogram]]:
        """`latency`, a histogram a trial: decoded anew each time, since those of a long run fill memory."""
        for trial in self.trials:
            histogram = latency_of([trial])
            if histogram is not None:
                yield (trial.round, trial.block), histogram

    def total(self, count: Callable[[Trial], float]) -> float:
        """A sum over all trials."""
        return sum(count(trial) for trial in self.trials)

    def by_round(self, value: Callable[[Trial], Share | None]) -> Shares:
        """What each trial that is kept adds to a rate; those that add nothing are left out."""
        rounds: dict[int, dict[int, Share]] = {}
        for trial in self.kept:
            share = value(trial)
            if share is not None:
                rounds.setdefault(trial.round, {})[trial.block] = share
        return rounds


DISTURBED = "disturbed"
"""The reason of a gap that stands for a block which the machine has spoiled."""


def counting(suite: Suite) -> Callable[[Trial], bool]:
    """Whether a trial counts: not in a block that was measured again, nor in a round of too short trials."""
    spoiled = {(gap.get("round"), gap.get("block")) for gap in suite.gaps if gap.get("reason") == DISTURBED}
    first = suite.plan.counted_from
    return lambda trial: trial.round >= first and (trial.round, trial.block) not in spoiled


def latency_of(trials: Iterable[Trial]) -> Histogram | None:
    """Response times of some trials of one case, over all endpoints."""
    return _merge("latency", trials)


def _merge(kind: str, trials: Iterable[Trial]) -> Histogram | None:
    return Histogram.merge(
        encoded
        for trial in trials
        for name, encoded in trial.histograms.items()
        if name.split("/", 1)[0] == kind
    )
