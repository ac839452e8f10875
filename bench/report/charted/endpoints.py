"""By endpoint: median and p99 of each, where there is more than one; under open load, if there was any."""

from __future__ import annotations

from collections.abc import Mapping

from bench.analysis.cases import measured
from bench.analysis.histogram import Histogram
from bench.analysis.measured import Measured
from bench.model import Analysis, Suite
from bench.report.charted.shared import SERVER, charted, comparable, left_out, look
from bench.report.charts import panels
from bench.report.page import Chart, Column, Section, Table
from bench.report.results import Group
from bench.report.table import row_of
from bench.report.units import NOT_MEASURED, TOO_FEW, count, listed, milliseconds

_COLUMNS = (
    Column("Endpoint", numeric=False),
    SERVER,
    Column("Timed"),
    Column("p50", "ms"),
    Column("p99", "ms"),
)

_Endpoints = Mapping[str, Histogram]


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on endpoints: a chart for each load."""
    cases = measured(suite)
    shown = [group for group in groups if not group.closed] or list(groups)
    return charted(
        suite,
        "endpoints",
        "By endpoint",
        (_chart(suite, group, cases, f"endpoints-{n}") for n, group in enumerate(shown)),
        "A filled marker is the median, the open one at its line's end p99. Timed are right answers, and of "
        "open load also what was never answered, at the time that it waited.",
        *left_out(shown),
    )


def _chart(suite: Suite, group: Group, cases: Mapping[str, Measured], name: str) -> Chart | None:
    entries = comparable(group)
    times = {entry.case.id: _by_endpoint(cases[entry.case.id]) for entry in entries}
    names = sorted({endpoint for by_endpoint in times.values() for endpoint in by_endpoint})
    if len(names) < 2:
        return None
    of_endpoints = [
        panels.Panel(
            endpoint,
            [
                panels.MedianAndP99(
                    look(suite, e), *(_ms(times[e.case.id], endpoint, s) for s in (0.5, 0.99))
                )
                for e in entries
            ],
        )
        for endpoint in names
    ]
    if all(row.median is None for panel in of_endpoints for row in panel.rows):
        return None
    title = f"By endpoint: {group.name}"
    described = f"{count(len(names), 'endpoint')}: {listed(names)}; the table below has the figures."
    rows = tuple(
        row_of(entry, (endpoint, entry.case.server, *_cells(times[entry.case.id], endpoint)))
        for endpoint in names
        for entry in entries
    )
    return Chart(
        panels.draw(name, title, described, "Milliseconds", of_endpoints), Table(title, _COLUMNS, rows)
    )


def _by_endpoint(case: Measured) -> _Endpoints:
    encoded: dict[str, list[str]] = {}
    for trial in case.trials:
        for name, text in trial.histograms.items():
            kind, _, endpoint = name.partition("/")
            if kind == "latency":
                encoded.setdefault(endpoint, []).append(text)
    merged = {endpoint: Histogram.merge(texts) for endpoint, texts in encoded.items()}
    return {endpoint: histogram for endpoint, histogram in merged.items() if histogram is not None}


def _ms(times: _Endpoints, endpoint: str, share: float) -> float | None:
    histogram = times.get(endpoint)
    value_s = histogram.percentile_s(share) if histogram else None
    return None if value_s is None else value_s * 1e3


def _cells(times: _Endpoints, endpoint: str) -> tuple[str, ...]:
    histogram = times.get(endpoint)
    if histogram is None:
        return ("0", NOT_MEASURED, NOT_MEASURED)
    values_s = (histogram.percentile_s(share) for share in (0.5, 0.99))
    return (f"{histogram.count:,}", *(TOO_FEW if v is None else milliseconds(v) for v in values_s))
