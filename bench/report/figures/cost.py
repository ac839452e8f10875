"""Cost: CPU time a request against peak memory."""

from __future__ import annotations

from bench.model import Analysis, Suite
from bench.report.charts import scatter
from bench.report.figures.shared import SERVER, charted, comparable, left_out, look
from bench.report.page import Chart, Column, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import row_of
from bench.report.units import NOT_MEASURED, megabytes, milliseconds, number

_COLUMNS = (
    SERVER,
    Column("CPU", "ms a request"),
    Column("95 % interval", "ms a request"),
    Column("Idle memory", "MB"),
    Column("Peak memory", "MB"),
)


def section(suite: Suite, _analysis: Analysis, found: tuple[Group, ...]) -> Section | None:
    """A chart a closed load that has something to set against something."""
    closed = [group for group in found if group.closed]
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
        (entry, spent.value * 1e3, peak / 1e6)
        for entry in comparable(group)
        if (spent := entry.summary.cpu_s_per_request) is not None
        and (peak := entry.summary.memory_peak_bytes) is not None
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
    summary, spent = entry.summary, entry.summary.cpu_s_per_request
    bounds = NOT_MEASURED
    if spent is not None and spent.low is not None and spent.high is not None:
        bounds = f"{milliseconds(spent.low)}\N{EN DASH}{milliseconds(spent.high)}"
    return (
        entry.case.server,
        milliseconds(spent.value if spent else None),
        bounds,
        megabytes(summary.memory_idle_bytes),
        megabytes(summary.memory_peak_bytes),
    )
