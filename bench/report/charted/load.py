"""Load against latency: how the times grow with the rate, where a server was measured at several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bench.analysis.figure import Figure
from bench.analysis.figures import P50, P99, THROUGHPUT
from bench.analysis.measured import Measured
from bench.model import Analysis, Case, Suite
from bench.model.digits import a_second
from bench.report.charted.shared import SERVER, charted, comparable, left_out, look
from bench.report.charts import lines
from bench.report.page import Chart, Column, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import cell, column_of, row_of
from bench.report.units import number, shown, value_of

_PERCENTILES = (P50, P99)
_COLUMNS = (
    SERVER,
    Column("Due", "a second"),
    Column("Chosen as", numeric=False),
    Column("Answered", "a second"),
    *map(column_of, _PERCENTILES),
)


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on load: a chart for each app, scenario and kind of connection."""
    together: dict[tuple[str, ...], list[Group]] = {}
    for group in groups:
        if not group.closed:
            together.setdefault(_kind(group.first), []).append(group)
    several = [groups for groups in together.values() if len(groups) > 1]
    return charted(
        suite,
        "load",
        "Load against latency",
        (_chart(suite, groups, f"load-{n}") for n, groups in enumerate(several)),
        "Each marker is a rate that the server was measured at: one for all servers, and shares of its own "
        "capacity. Times count from when each request was due.",
        *left_out(group for groups in several for group in groups),
    )


def _kind(case: Case) -> tuple[str, ...]:
    return (case.app, case.scenario, case.load.connection)


def _chart(suite: Suite, groups: Sequence[Group], name: str) -> Chart | None:
    entries = sorted(
        (entry for group in groups for entry in comparable(group) if entry.case.load.rate is not None),
        key=lambda entry: (_place(suite, entry), entry.case.load.rate),
    )
    by_server = [list(own) for _, own in groupby(entries, key=lambda entry: entry.case.server)]
    drawn = [
        lines.Line(look(suite, own[0]), points)
        for own in by_server
        if any(points := [_points(own, percentile) for percentile in _PERCENTILES])
    ]
    if not any(len(points) > 1 for line in drawn for points in line.points):
        return None
    title = f"Load against latency: {_title(groups[0].first)}"
    svg = lines.draw(
        name,
        title,
        "; ".join(map(_words, by_server)),
        ("Requests due a second", "Milliseconds"),
        tuple(figure.label for figure in _PERCENTILES),
        drawn,
    )
    return Chart(svg, Table(title, _COLUMNS, tuple(row_of(entry, _cells(entry)) for entry in entries)))


def _place(suite: Suite, entry: Entry) -> int:
    return [deployment.name for deployment in suite.plan.deployments].index(entry.deployment.name)


def _title(case: Case) -> str:
    closing = ", a connection each" if case.load.connection == "close" else ""
    return f"{case.app}, {case.scenario}{closing}"


def _points(own: Sequence[Entry], percentile: Figure[Measured]) -> Sequence[tuple[float, float]]:
    return [
        (entry.case.load.rate, percentile.unit.of(time_s))
        for entry in own
        if entry.case.load.rate is not None and (time_s := entry.summary.value(percentile.key)) is not None
    ]


def _words(own: Sequence[Entry]) -> str:
    steps = (
        f"{a_second(entry.case.load.rate or 0.0)} {shown(entry.summary.value(P99.key), P99.unit)} ms"
        for entry in own
    )
    return f"{own[0].case.server}, p99 at {', at '.join(steps)}"


def _cells(entry: Entry) -> tuple[str, ...]:
    load, summary = entry.case.load, entry.summary
    return (
        entry.case.server,
        number(load.rate),
        "common" if load.share is None else f"{load.share:.0%} of its capacity".replace("%", " %"),
        value_of(summary.figures[THROUGHPUT.key]),
        *(cell(percentile, entry) for percentile in _PERCENTILES),
    )
