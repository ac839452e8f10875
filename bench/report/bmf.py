"""Bencher Metric Format, for tools that follow figures over time.

Benchmark -> measure -> value and its bounds, as in https://bencher.dev/docs/reference/bencher-metric-format.
Units are SI: requests a second, seconds, bytes. What wasn't measured, or isn't valid, is absent, and so are
twins and old versions; of a run that claims nothing there is nothing in it.
"""

from __future__ import annotations

import json

from bench.model import Analysis, Case, Estimate, Suite, Summary
from bench.report.units import plain

Measure = dict[str, float]


def render(suite: Suite, analysis: Analysis) -> str:
    """One JSON object, a benchmark for each valid case."""
    left_out = {one.name for one in suite.plan.deployments if one.twin or one.old}
    benchmarks = {
        plain(case.id): measures
        for case in suite.plan.cases
        if suite.plan.claims
        and case.deployment not in left_out
        and analysis.verdicts[case.id].valid
        and (measures := _measures(case, analysis.summaries[case.id]))
    }
    return json.dumps(benchmarks, indent=1, allow_nan=False) + "\n"


def _measures(case: Case, summary: Summary) -> dict[str, Measure]:
    """Closed load says what a server can do, open load what its users wait."""
    if case.load.waits:
        found = {
            "throughput": _estimate(summary.throughput_rps),
            "cpu-per-request": _estimate(summary.cpu_s_per_request),
            "memory-peak": _value(summary.memory_peak_bytes),
        }
    else:
        found = {
            "latency-p50": _value(summary.latency_s["p50"]),
            "latency-p99": _value(summary.latency_s["p99"]),
        }
    return {name: measure for name, measure in found.items() if measure is not None}


def _estimate(estimate: Estimate | None) -> Measure | None:
    if estimate is None:
        return None
    bounds = {"lower_value": estimate.low, "upper_value": estimate.high}
    return {"value": estimate.value, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _value(value: float | None) -> Measure | None:
    return None if value is None else {"value": value}
