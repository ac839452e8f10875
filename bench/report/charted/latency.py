"""Latency: percentile curves under open load, only as far as the samples reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.cases import measured
from bench.analysis.histogram import Histogram
from bench.analysis.measured import Measured
from bench.model import Analysis, Suite
from bench.report.charted.shared import SERVER, charted, comparable, left_out, look
from bench.report.charts import curves
from bench.report.page import Chart, Column, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import row_of
from bench.report.units import TOO_FEW, milliseconds

_STEPS_A_NINE = 20
_MOST_NINES = 8
_IN_TABLE = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)


@dataclass(frozen=True)
class _Curve:
    """One case; `points` are shares and milliseconds, evenly on the chart's axis."""

    entry: Entry
    histogram: Histogram
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> str:
        return curves.percentile(round(self.points[-1][0], 5))

    @property
    def words(self) -> str:
        median_ms, last_ms = self.histogram.quantile_s(0.5), self.points[-1][1] / 1e3
        return (
            f"{self.entry.case.server} from a median of {milliseconds(median_ms)} ms "
            f"to {milliseconds(last_ms)} ms at {self.last}"
        )


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on latency: a chart for each open load."""
    cases = measured(suite)
    opened = [group for group in groups if not group.closed]
    return charted(
        suite,
        "latency",
        "Latency",
        (_chart(suite, group, cases, f"latency-{n}") for n, group in enumerate(opened)),
        f"Each further nine has the same room. Times count from when each request was "
        f"{'due' if suite.plan.locust is None else 'sent'}; a curve ends where "
        "fewer than 100 requests took longer. Timed are right answers, and what was never answered at the "
        "time that it waited.",
        *left_out(opened),
    )


def _chart(suite: Suite, group: Group, cases: Mapping[str, Measured], name: str) -> Chart | None:
    drawn = [curve for entry in comparable(group) if (curve := _curve(entry, cases[entry.case.id]))]
    if not drawn:
        return None
    reached = max(curve.points[-1][0] for curve in drawn)
    shares = [share for share in _IN_TABLE if share <= reached]
    percentiles = (Column(curves.percentile(share), "ms") for share in shares)
    title = f"Latency: {group.name}"
    svg = curves.draw(
        name,
        title,
        "; ".join(curve.words for curve in drawn),
        "Milliseconds",
        [curves.Curve(look(suite, curve.entry), curve.points) for curve in drawn],
    )
    rows = tuple(row_of(curve.entry, _cells(curve, shares)) for curve in drawn)
    return Chart(svg, Table(title, (SERVER, Column("Timed"), *percentiles, Column("Drawn to")), rows))


def _curve(entry: Entry, case: Measured) -> _Curve | None:
    histogram = case.latency
    if histogram is None:
        return None
    points = []
    for step in range(1, _MOST_NINES * _STEPS_A_NINE):
        share = 1 - 10 ** -(step / _STEPS_A_NINE)
        value_s = histogram.percentile_s(share)
        if value_s is None:
            break
        points.append((share, value_s * 1e3))
    return _Curve(entry, histogram, points) if len(points) > 1 else None


def _cells(curve: _Curve, shares: Sequence[float]) -> tuple[str, ...]:
    values_s = (curve.histogram.percentile_s(share) for share in shares)
    return (
        curve.entry.case.server,
        f"{curve.histogram.count:,}",
        *(TOO_FEW if value is None else milliseconds(value) for value in values_s),
        curve.last,
    )
