"""The figure of every case while a run goes on, as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.analysis.running import RunningLatency, RunningRate
from bench.model import Case, Estimate, Load, Plan, Trial
from bench.model.digits import a_second, significant


@dataclass(frozen=True)
class Reached:
    """What a case has reached.

    Attributes:
        text: with its unit.
        half_width: half of its 95 % interval, as a share of the figure; None where it isn't known yet.
    """

    text: str
    half_width: float | None


class RunningFigures:
    """The figure of each case of a plan, from the trials so far."""

    def __init__(self, plan: Plan) -> None:
        cautious = plan.until is not None
        self._rates = {case.id: RunningRate(cautious=cautious) for case in plan.cases if case.load.saturates}
        self._latencies = {case.id: RunningLatency() for case in plan.cases if not case.load.saturates}

    def add(self, trial: Trial) -> None:
        """Count one more trial."""
        if trial.case in self._rates:
            self._rates[trial.case].add(trial)
        else:
            self._latencies[trial.case].add(trial)

    def reached(self, case: Case) -> Reached | None:
        """Requests a second where users don't think; otherwise p99, or p50 while p99 has too few samples."""
        if case.id in self._rates:
            rate = self._rates[case.id].estimate()
            return None if rate is None else Reached(a_second(rate.value), _half_width(rate))
        for name, share in (("p99", 0.99), ("p50", 0.5)):
            time_s = self._latencies[case.id].percentile(share)
            if time_s is not None:
                return Reached(f"{name} {significant(time_s.value * 1e3)} ms", _half_width(time_s))
        return None


def load_in_words(scenario: str, load: Load) -> str:
    """What a case is measured with, in few words: "mixed, 16 users", "mixed, open 50 %"."""
    closing = ", close" if load.connection == "close" else ""
    return f"{scenario}, {load.short()}{closing}"


def _half_width(estimate: Estimate) -> float | None:
    if estimate.low is None or estimate.high is None:
        return None
    return (estimate.high - estimate.low) / 2 / estimate.value
