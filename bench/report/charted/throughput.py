"""Throughput: each server's estimate, its interval and its trials, the invalid ones marked as such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from bench.analysis.cases import measured
from bench.analysis.figures import THROUGHPUT
from bench.analysis.measured import Measured
from bench.model import Analysis, Suite
from bench.report.charted.shared import SERVER, charted, look, rates
from bench.report.charts import intervals
from bench.report.page import Chart, Column, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import column_of, interval_of, multiple_cells, multiple_columns, row_of
from bench.report.units import DASH, interval, number, ratio, ratio_interval, value_of

_COLUMNS = (
    SERVER,
    column_of(THROUGHPUT),
    interval_of(THROUGHPUT),
    Column("Trials"),
    Column("Lowest", "a second"),
    Column("Median", "a second"),
    Column("Highest", "a second"),
)


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """The section on throughput: two charts for each closed load.

    One has each server as a multiple of one of them, which a run knows best, the other each on its own.
    """
    cases = measured(suite)
    charts = [
        chart
        for n, group in enumerate(groups)
        if group.closed
        for chart in (
            _multiples(suite, group, f"multiples-{n}"),
            _chart(suite, group, cases, f"throughput-{n}"),
        )
    ]
    return charted(
        suite,
        "throughput",
        "Throughput",
        charts,
        "A marker is the estimate, the bar its 95 % interval, each tick a trial. A twin's marker is hollow; "
        "what is hatched is not valid and not ranked. Multiples are taken from trials side by side, so that "
        "what the machine did to both is in neither; it is in each server's own requests a second.",
    )


def _multiples(suite: Suite, group: Group, name: str) -> Chart | None:
    compared = [
        entry
        for entry in group.entries
        if entry.case.id in group.multiples or (entry.rank and entry.case.server == group.baseline)
    ]
    if len(compared) < 2 or group.figure is not THROUGHPUT:
        return None
    rows = [_row_of_multiple(suite, group, entry) for entry in compared]
    cells = tuple(row_of(entry, (entry.case.server, *multiple_cells(group, entry))) for entry in compared)
    title = f"Throughput as a multiple of {group.baseline}'s: {group.name}"
    described = "; ".join(f"{row.series.label} {row.words}" for row in rows)
    drawn = intervals.draw(name, title, described, f"Multiple of {group.baseline}'s throughput", rows)
    return Chart(drawn, Table(title, (SERVER, *multiple_columns(group)), cells))


def _row_of_multiple(suite: Suite, group: Group, entry: Entry) -> intervals.Interval:
    multiple = group.multiples.get(entry.case.id)
    if multiple is None:
        return intervals.Interval(look(suite, entry), 1.0, None, None, (), "1")
    words = f"{ratio(multiple.ratio)} ({ratio_interval(multiple.low, multiple.high, DASH)})"
    return intervals.Interval(look(suite, entry), multiple.ratio, multiple.low, multiple.high, (), words)


def _chart(suite: Suite, group: Group, cases: Mapping[str, Measured], name: str) -> Chart | None:
    trials = {entry.case.id: rates(cases[entry.case.id]) for entry in group.entries}
    if not any(trials.values()):
        return None
    rows = [_row(suite, entry, trials[entry.case.id]) for entry in group.entries]
    cells = tuple(row_of(entry, _cells(entry, trials[entry.case.id])) for entry in group.entries)
    title = f"Throughput: {group.name}"
    described = "; ".join(f"{row.series.label} {row.words}" for row in rows)
    drawn = intervals.draw(name, title, described, "Right answers a second", rows)
    return Chart(drawn, Table(title, _COLUMNS, cells))


def _row(suite: Suite, entry: Entry, trials: Sequence[float]) -> intervals.Interval:
    throughput = entry.summary.figures[THROUGHPUT.key]
    words = value_of(throughput)
    if entry.generator_bound:
        words = f"at least {words}, not ranked"
    elif not entry.verdict.valid:
        words = f"{words}, not valid"
    elif throughput is not None and throughput.low is not None:
        words = f"{words} ({interval(throughput)})"
    return intervals.Interval(
        look(suite, entry),
        throughput.value if throughput else None,
        throughput.low if throughput else None,
        throughput.high if throughput else None,
        trials,
        words,
        entry.verdict.valid,
    )


def _cells(entry: Entry, trials: Sequence[float]) -> tuple[str, ...]:
    throughput = entry.summary.figures[THROUGHPUT.key]
    ends = (min(trials), median(trials), max(trials)) if trials else (None, None, None)
    return (
        entry.case.server,
        value_of(throughput),
        interval(throughput),
        f"{len(trials):,}",
        *map(number, ends),
    )
