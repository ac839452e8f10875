"""A case in figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from bench.analysis.estimate import estimate
from bench.analysis.measured import Measured
from bench.analysis.outcomes import counts_of, error_rate
from bench.analysis.recycling import restarts
from bench.model import DeploymentRecord, Summary

PERCENTILES: Mapping[str, float] = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


def summarise(measured: Measured, records: Sequence[DeploymentRecord]) -> Summary:
    """Sum up one case.

    Idle memory and start time are medians over rounds, peak memory is the highest.

    Args:
        records: of this case's deployment, one a round.
    """
    latency = measured.latency
    counts = counts_of(measured.trials)
    rounds = {trial.round for trial in measured.trials}
    answers = counts.ok + counts.failed
    percentiles: dict[str, float | None] = {
        name: latency.percentile_s(share) if latency else None for name, share in PERCENTILES.items()
    }
    idle = [r.memory_idle_bytes for r in records if r.memory_idle_bytes is not None]
    peaks = [r.memory_peak_bytes for r in records if r.memory_peak_bytes is not None]
    starts = [r.start_s for r in records if r.start_s is not None]
    return Summary(
        throughput_rps=estimate(measured.rates),
        latency_s={**percentiles, "max": latency.max_s if latency else None},
        cpu_s_per_request=estimate(measured.costs),
        memory_idle_bytes=int(median(idle)) if idle else None,
        memory_peak_bytes=max(peaks, default=None),
        start_s=median(starts) if starts else None,
        error_rate=error_rate(counts),
        requests=answers,
        connections_per_request=counts.connections / answers if answers else None,
        counts=counts,
        restarts=restarts(r for r in records if r.round in rounds),
    )
