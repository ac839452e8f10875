"""Whether open load was sent when it was due: the generator's own punctuality."""

from __future__ import annotations

from bench.analysis.histogram import Histogram
from bench.model import Trial

MAX_LATENESS_S = 0.002
MAX_LATENESS_SHARE = 0.1
_MAX_DROPPED = 0.001


def too_late(lateness: Histogram, latency: Histogram) -> bool:
    """Whether one request in a hundred was sent so late that a tenth of the p99 may be the generator's."""
    late = lateness.quantile_s(0.99)
    return late > MAX_LATENESS_S and late > MAX_LATENESS_SHARE * latency.quantile_s(0.99)


def was_late(trial: Trial) -> bool:
    """Whether the generator was late in a trial, or dropped requests since it was."""
    if trial.dropped_late > _MAX_DROPPED * trial.offered:
        return True
    lateness, latency = (
        Histogram.merge(encoded for name, encoded in trial.histograms.items() if name.startswith(kind))
        for kind in ("lateness/", "latency/")
    )
    return lateness is not None and latency is not None and too_late(lateness, latency)
