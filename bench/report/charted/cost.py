"""Cost: CPU time a request against peak memory."""

from __future__ import annotations

from bench.analysis.figures import COST, IDLE_MEMORY, MEMORY
from bench.model import Analysis, Suite
from bench.report.charted.shared import SERVER, charted, comparable, left_out, look
from bench.report.charts import scatter
from bench.report.page import Chart, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import cell, column_of, interval_of, row_of
from bench.report.units import interval, number

_COLUMNS = (
    SERVER,
    column_of(COST),
    interval_of(COST),
    column_of(IDLE_MEMORY),
    column_of(MEMORY),
)


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on costs: a chart for each closed load of which CPU time and memory are known."""
    closed = [group for group in groups if group.closed]
    return charted(
        suite,
        "cost",
        "Cost",
        (_chart(suite, group, f"cost-{n}") for n, group in enumerate(closed)),
        "Cheaper is further left, smaller is further down.",
        *left_out(closed),
    )


def _chart(suite: Suite, group: Group, name: str) -> Chart | None:
    points = [
        (entry, COST.unit.of(spent), MEMORY.unit.of(peak))
        for entry in comparable(group)
        if (spent := entry.summary.value(COST.key)) is not None
        and (peak := entry.summary.value(MEMORY.key)) is not None
    ]
    if len(points) < 2:
        return None
    title = f"Cost: {group.name}"
    svg = scatter.draw(
        name,
        title,
        "; ".join(f"{entry.case.server} {number(x)} ms, {number(y)} MB" for entry, x, y in points),
        "CPU milliseconds a request",
        "Peak memory, MB",
        [scatter.Point(look(suite, entry), x, y) for entry, x, y in points],
    )
    return Chart(svg, Table(title, _COLUMNS, tuple(row_of(entry, _cells(entry)) for entry, _, _ in points)))


def _cells(entry: Entry) -> tuple[str, ...]:
    return (
        entry.case.server,
        cell(COST, entry),
        interval(entry.summary.figures[COST.key], COST.unit),
        cell(IDLE_MEMORY, entry),
        cell(MEMORY, entry),
    )
