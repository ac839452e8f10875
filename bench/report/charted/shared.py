"""What the sections with charts share."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

from bench.analysis.measured import Measured
from bench.model import Suite
from bench.report.charts.svg import Series, series
from bench.report.page import Chart, Column, Section
from bench.report.results import Entry, Group
from bench.report.units import listed

SERVER = Column("Server", numeric=False)


def charted(
    suite: Suite, name: str, title: str, charts: Iterable[Chart | None], *paragraphs: str
) -> Section | None:
    """A section of the charts that there are; None without any."""
    drawn = tuple(chart for chart in charts if chart is not None)
    if not drawn:
        return None
    warning = () if suite.plan.claims else (f"The {suite.plan.profile} profile is not a measurement.",)
    return Section(name, title, (*warning, *paragraphs), charts=drawn)


def look(suite: Suite, entry: Entry) -> Series:
    """How an entry is drawn, in every chart."""
    names = list(dict.fromkeys(d.server.name for d in suite.plan.deployments))
    name = entry.deployment.server.name
    return series(name, names.index(name), entry.case.server, hollow=not entry.deployment.variant.kind.ranked)


def comparable(group: Group) -> list[Entry]:
    """What a chart may set against each other: valid cases, twins left out."""
    return [entry for entry in group.entries if entry.verdict.valid and entry.deployment.variant.kind.ranked]


def left_out(groups: Iterable[Group]) -> tuple[str, ...]:
    """A sentence on those that are not `comparable`; none if there are none."""
    names = dict.fromkeys(
        entry.case.server
        for group in groups
        for entry in group.entries
        if not entry.verdict.valid and entry.deployment.variant.kind.ranked
    )
    return (f"Left out where not valid: {listed(list(names))}.",) if names else ()


def rates(case: Measured) -> list[float]:
    """The throughput of each trial that had a right answer."""
    return [exp(value) for blocks in case.log_rates.values() for value in blocks.values()]
