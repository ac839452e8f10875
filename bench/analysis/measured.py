"""What was measured of one case, arranged for estimates and checks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bench.analysis.histogram import Histogram
from bench.model import Case, Deployment, Suite, Trial

Rounds = Mapping[int, Mapping[int, float]]
"""round -> block -> logarithm of a trial's value"""


@dataclass(frozen=True)
class Measured:
    """A case with its trials. Decodes histograms when they are asked for, once."""

    case: Case
    deployment: Deployment
    trials: tuple[Trial, ...]

    @cached_property
    def log_rates(self) -> Rounds:
        """Right answers a second; trials without one are left out (a verdict names them)."""
        return self._by_round(rate_of)

    @cached_property
    def log_costs(self) -> Rounds:
        """CPU seconds of the server a right answer, where they could be read."""
        return self._by_round(lambda t: t.cpu_s / t.answers if t.answers > 0 and t.cpu_s else None)

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

    def pooled_rate(self) -> float:
        """Right answers a second over all trials together, standstills included; 0 without any."""
        time_s = self.total(lambda t: t.duration_s)
        return self.total(lambda t: t.answers) / time_s if time_s else 0.0

    def total(self, count: Callable[[Trial], float]) -> float:
        """A sum over all trials."""
        return sum(count(trial) for trial in self.trials)

    def _by_round(self, value: Callable[[Trial], float | None]) -> Rounds:
        rounds: dict[int, dict[int, float]] = {}
        for trial in self.trials:
            number = value(trial)
            if number is not None:
                rounds.setdefault(trial.round, {})[trial.block] = math.log(number)
        return rounds


def measured(suite: Suite) -> Mapping[str, Measured]:
    """Every planned case, by id, measured or not."""
    deployments = {deployment.name: deployment for deployment in suite.plan.deployments}
    trials: dict[str, list[Trial]] = {}
    for trial in suite.trials:
        trials.setdefault(trial.case, []).append(trial)
    return {
        case.id: Measured(case, deployments[case.deployment], tuple(trials.get(case.id, ())))
        for case in suite.plan.cases
    }


def rate_of(trial: Trial) -> float | None:
    """Right answers a second; None without one."""
    return trial.answers / trial.duration_s if trial.answers > 0 and trial.duration_s > 0 else None


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
