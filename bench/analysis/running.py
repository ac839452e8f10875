"""A case's figure while its run goes on: what the analysis will say, at the price of the newest round."""

from __future__ import annotations

import math

from bench.analysis import caution
from bench.analysis.estimate import level, over_rounds
from bench.analysis.histogram import Histogram
from bench.analysis.measured import latency_of
from bench.analysis.percentiles import percentile
from bench.analysis.shares import Share, rate_of
from bench.model import Estimate, Trial


class RunningRate:
    """Right answers a second of one case: `Summary.throughput_rps` of the trials so far.

    Args:
        cautious: see `Measured`.
    """

    def __init__(self, *, cautious: bool = False) -> None:
        self._cautious = cautious
        self._rounds: dict[int, list[Share]] = {}
        self._levels: dict[int, float | None] = {}

    def add(self, trial: Trial) -> None:
        """Count one more trial."""
        share = rate_of(trial)
        if share is not None:
            self._rounds.setdefault(trial.round, []).append(share)
            self._levels.pop(trial.round, None)

    def estimate(self) -> Estimate | None:
        """The rate so far; None before the first trial with a right answer."""
        for number in self._rounds.keys() - self._levels.keys():
            self._levels[number] = level(self._rounds[number])
        known = {n: in_round for n in self._rounds if (in_round := self._levels[n]) is not None}
        rounds = {number: dict(enumerate(shares)) for number, shares in self._rounds.items()}
        implied = caution.of_rate(rounds) if self._cautious else None
        first = self._rounds[next(iter(known))] if known else []
        return over_rounds([*known.values()], first, implied)


class RunningLatency:
    """Percentiles of one case's latency: those of `Summary.latency_s`, with the interval of a jackknife."""

    def __init__(self) -> None:
        self._rounds: dict[int, Histogram] = {}

    def add(self, trial: Trial) -> None:
        """Count one more trial.

        Raises:
            ResultError: its histogram can't be decoded.
        """
        latency = latency_of([trial])
        if latency is not None:
            # A sum keeps the histogram of its first part, which is large: let that be the same for all.
            first = next(iter(self._rounds.values()), latency)
            before = self._rounds.get(trial.round, first.without(first))
            self._rounds[trial.round] = Histogram.sum([before, latency]) or latency

    def percentile(self, share: float) -> Estimate | None:
        """A percentile so far; None with too few samples, without an interval in the first round."""
        rounds = list(self._rounds.values())
        whole = Histogram.sum(rounds)
        value_s = whole.percentile_s(share) if whole else None
        if value_s is None:
            return None
        effect = percentile(rounds, share)
        if effect is None:
            return Estimate(value_s)
        low, high = effect.interval()
        return Estimate(value_s, math.exp(low), math.exp(high))
