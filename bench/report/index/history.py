"""The sections of the trends: a chart a server, its figures below it, and the changes in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.analysis.claim import verdict as in_a_word
from bench.analysis.compare.surroundings import Difference
from bench.analysis.figures import THROUGHPUT, named
from bench.report.charts import history
from bench.report.charts.svg import Series, series
from bench.report.index.runs import versions
from bench.report.index.trends import Circumstances, Stage, Trend
from bench.report.page import Chart, Column, Row, Section, Table
from bench.report.sections import minute
from bench.report.table import column_of, interval_of
from bench.report.units import NOT_MEASURED, count, interval, listed, number, percent, value_of
from bench.store import Outline

_READING = (
    "Each point is a run with its 95 % interval; a hollow one is not valid, a cross has no figure. An "
    "interval that ends at the chart's edge may go on: the figures below it have it whole. Runs stand side "
    "by side whatever time lies between them.",
    "A dashed line marks a change between neighbours that exceeds the error of both runs, decided for all "
    "neighbours on this page together (Holm, 5 %). The runs were not interleaved: what changed on the "
    "machine between two of them is in every figure, and no interval knows of it.",
)
_NONE = (
    "No two runs can be followed: that takes two measurements of the same case on the same machine, with the "
    "same profile and runtime; open load at the same --rate."
)


def verdict(trends: Sequence[Trend]) -> list[str]:
    """A sentence on how many changes are marked."""
    if not trends:
        return []
    marked = sum(bool(stage.step and stage.step.claimed) for trend in trends for stage in trend.stages)
    changes = count(marked, "change") if marked else "no change"
    return [f"Over time: {changes} between neighbouring runs beyond their own error."]


def sections(trends: Sequence[Trend]) -> tuple[Section, ...]:
    """How to read trends, then a section for each of their circumstances."""
    by_circumstances: dict[int, list[Trend]] = {}
    for trend in trends:
        by_circumstances.setdefault(id(trend.circumstances), []).append(trend)
    names = sorted({trend.server for trend in trends})
    looks = {name: series(name, place) for place, name in enumerate(names)}
    return (
        Section("trends", "Over time", _READING if trends else (_NONE,)),
        *(
            _section(f"trend-{n}", members[0].circumstances, members, looks)
            for n, members in enumerate(by_circumstances.values(), 1)
        ),
    )


def _section(
    name: str, circumstances: Circumstances, trends: Sequence[Trend], looks: dict[str, Series]
) -> Section:
    environment, plan = circumstances.outline.environment, circumstances.outline.plan
    machine = f"{environment.host}, {environment.cpus} \N{MULTIPLICATION SIGN} {environment.cpu_model}"
    client = "" if plan.client == "loop" else f", {plan.client} client"
    older = max(trend.older for trend in trends)
    left_out = (f"{count(older, 'older run')} not shown.",) if older else ()
    return Section(
        name,
        _where(circumstances),
        (f"{machine}; {plan.profile} profile, {plan.runtime} runtime{client}.", *left_out),
        points=tuple(line for trend in trends for line in _changes(trend)),
        charts=tuple(_chart(f"{name}-{n}", trend, looks[trend.server]) for n, trend in enumerate(trends, 1)),
    )


def _where(circumstances: Circumstances) -> str:
    """All but the CPU: enough to tell the settings of one page apart."""
    plan = circumstances.outline.plan
    return f"{circumstances.name}; {plan.profile}, {plan.runtime}, {circumstances.outline.environment.host}"


def _changes(trend: Trend) -> Iterator[str]:
    for stage in reversed(trend.stages):
        if stage.step and stage.step.claimed and stage.against:
            run, why = minute(stage.run.started), _changed(stage.changed) or "nothing that is recorded"
            yield (
                f"{trend.server}: {trend.figure} {in_a_word(stage.step)} in the run of {run}, "
                f"{_moved(stage)} against that of {minute(stage.against.started)}. With it changed: {why}."
            )


def _chart(name: str, trend: Trend, look: Series) -> Chart:
    figure = named(trend.figure)
    unit = figure.unit.label
    axis = f"Requests {unit}" if figure is THROUGHPUT else f"{figure.heading}, {unit}"
    title = f"{trend.server}: {axis}; {_where(trend.circumstances)}"
    newest = trend.stages[-1]
    svg = history.draw(
        name,
        title,
        f"{count(len(trend.stages), 'run')}, oldest first; the table below has the figures.",
        axis,
        look,
        [_moment(trend, stage) for stage in trend.stages],
        f"{value_of(newest.point.estimate, figure.unit)} {unit}"
        if newest.point.usable
        else "newest not valid",
    )
    columns = (
        Column("Run", numeric=False),
        column_of(figure),
        interval_of(figure),
        Column("Against the run before", numeric=False),
        Column("Version", numeric=False),
        Column("Changed with it", numeric=False),
    )
    rows = tuple(_row(trend, stage) for stage in reversed(trend.stages))
    return Chart(svg, Table(title, columns, rows, ("Newest first.",)), trend.server)


def _moment(trend: Trend, stage: Stage) -> history.Moment:
    unit, estimate = named(trend.figure).unit, stage.point.estimate
    value, low, high = (
        None if bound is None else unit.of(bound)
        for bound in ((estimate.value, estimate.low, estimate.high) if estimate else (None, None, None))
    )
    return history.Moment(
        date=minute(stage.run.started)[:10],
        value=value,
        low=low,
        high=high,
        valid=not stage.point.reasons,
        change=_signed(stage.step.ratio) if stage.step and stage.step.claimed else "",
    )


def _unfinished(run: Outline) -> str:
    if run.complete:
        return ""
    return ", not complete" if run.finished else ", interrupted"


def _row(trend: Trend, stage: Stage) -> Row:
    unit, estimate = named(trend.figure).unit, stage.point.estimate
    cells = (
        minute(stage.run.started) + _unfinished(stage.run.outline),
        value_of(estimate, unit),
        interval(estimate, unit),
        _against(stage),
        versions(stage.run.outline).get(trend.server, NOT_MEASURED),
        _changed(stage.changed),
    )
    address = f"{stage.run.directory}/report.html"
    return Row(cells, "unranked" if stage.point.reasons else "plain", trend.server, address)


def _against(stage: Stage) -> str:
    if stage.point.reasons:
        return f"not valid: {'; '.join(stage.point.reasons)}"
    if stage.step is None:
        return "nothing to compare with" if stage.point.effect else "too few samples"
    if stage.step.claimed:
        return f"{in_a_word(stage.step)}: {_moved(stage)}"
    smallest = stage.step.smallest
    least = percent(smallest) if smallest <= 1 else "not even twice as much"
    return f"no detectable difference; {least} is found in 8 of 10 such runs"


def _moved(stage: Stage) -> str:
    step = stage.step
    return "" if step is None else f"{_signed(step.ratio)} ({_signed(step.low)} to {_signed(step.high)})"


def _signed(ratio: float) -> str:
    share = (ratio - 1) * 100
    return f"{'+' if share >= 0 else chr(0x2212)}{number(abs(share))} %"


def _changed(differences: Sequence[Difference]) -> str:
    return listed(
        [f"{difference.what} from {difference.old} to {difference.new}" for difference in differences]
    )
