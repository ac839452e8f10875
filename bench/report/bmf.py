"""Bencher Metric Format, for tools that follow figures over time.

Benchmark -> measure -> value and its bounds, as in https://bencher.dev/docs/reference/bencher-metric-format.
Units are SI: requests a second, seconds, bytes. What wasn't measured, or isn't valid, is absent, and so are
twins and old versions; of a run that claims nothing there is nothing in it.
"""

from __future__ import annotations

import json

from bench.analysis.figures import figures
from bench.model import Analysis, Case, Estimate, Suite, Summary
from bench.report.units import plain

Measure = dict[str, float]


def render(suite: Suite, analysis: Analysis) -> str:
    """One JSON object, a benchmark for each valid case."""
    left_out = {
        deployment.name for deployment in suite.plan.deployments if not deployment.variant.kind.ranked
    }
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
    return {
        figure.bencher: _measure(estimate)
        for figure in figures()
        if figure.bencher and figure.loop == case.load.loop and (estimate := summary.figures[figure.key])
    }


def _measure(estimate: Estimate) -> Measure:
    bounds = {"lower_value": estimate.low, "upper_value": estimate.high}
    return {"value": estimate.value, **{name: bound for name, bound in bounds.items() if bound is not None}}
