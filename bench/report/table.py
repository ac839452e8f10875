"""The main tables: a row a server, by rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bench.analysis.figure import Figure
from bench.analysis.figures import LONGEST, THROUGHPUT, figures
from bench.analysis.keepalive import NOT_KNOWN, Keeping, by_deployment
from bench.analysis.outcomes import not_answered
from bench.model import Deployment, Loop, Suite
from bench.model.variant import TWIN
from bench.report import users
from bench.report.page import Column, Row, Table
from bench.report.results import Entry, Group
from bench.report.units import (
    DASH,
    NOT_MEASURED,
    TOO_FEW,
    interval,
    listed,
    percent,
    ratio,
    ratio_interval,
    shown,
)

RANK = Column("Rank")
SERVER = Column("Server", numeric=False)
_RESTARTS = Column("Restarts", wide=True)
_BESIDE_CAPACITY = (
    Column("Errors"),
    _RESTARTS,
    Column("Keep-alive", numeric=False, wide=True),
    Column("Workers x threads", wide=True),
)
_BESIDE_LATENCY = (Column("Not answered", "of those due"), Column("Errors"))
_BESIDE_USERS = (Column("Not answered"), Column("Errors"))
_OF_OPEN = ("Times count from the moment each request was due, so that a server that stalls can't hide it.",)

_RANKED = (
    "Percentiles are those of all answers. Ranks and multiples come from the {} of each block ('Every "
    "pair'), so that a standstill of the machine decides nothing: they need not follow the column."
)


def table(suite: Suite, group: Group) -> Table:
    """The table of one group."""
    return _capacity(suite, group) if group.closed else _latency(suite, group)


def _capacity(suite: Suite, group: Group) -> Table:
    waits = listed([figure.label for figure in _shown("closed") if figure.loop == "open"])
    notes = [
        f"{waits}: {group.latency_name}, from the moment each request was due."
        if group.latency
        else f"{waits}: no open load was measured for these."
    ]
    kept = by_deployment(suite)
    columns = (RANK, SERVER, *multiple_columns(group), *_capacity_columns(), *_beside(group))
    restarts = _RESTARTS.label in (column.label for column in columns)
    return Table(
        f"Capacity: {group.name}",
        columns,
        tuple(row_of(entry, _capacity_cells(suite, kept, group, entry, restarts)) for entry in group.entries),
        (*notes, *_legend(suite, group)),
    )


def column_of(figure: Figure[Any]) -> Column:
    """A figure's column."""
    return Column(figure.heading, figure.unit.label, wide=figure.wide)


def interval_of(figure: Figure[Any]) -> Column:
    """The column of its interval."""
    return Column("95 % interval", figure.unit.label)


def _shown(loop: Loop) -> tuple[Figure[Any], ...]:
    return tuple(figure for figure in figures() if loop in figure.tables)


def _capacity_columns() -> Iterator[Column]:
    for figure in _shown("closed"):
        column = column_of(figure)
        # Where there is little room, the latency table has them.
        yield replace(column, wide=column.wide or (figure.loop == "open" and figure.ranks != 1))
        if _has_interval(figure):
            yield replace(interval_of(figure), wide=True)


def multiple_columns(group: Group) -> tuple[Column, ...]:
    """Of the figure that servers are ranked by: what the run knows best, so it stands first."""
    if not group.multiples:
        return ()
    return Column(group.figure.heading, f"of {group.baseline}'s"), Column("95 % interval")


def multiple_cells(group: Group, entry: Entry) -> tuple[str, ...]:
    """1 of the baseline itself; nothing of what it wasn't compared with."""
    if not group.multiples:
        return ()
    if entry.rank is not None and entry.case.server == group.baseline:
        return "1", DASH
    multiple = group.multiples.get(entry.case.id)
    return (
        (ratio(multiple.ratio), ratio_interval(multiple.low, multiple.high, DASH))
        if multiple
        else (DASH, DASH)
    )


def _has_interval(figure: Figure[Any]) -> bool:
    """Whether it stands beside the figure: only of what servers are ranked by."""
    return figure.read.intervals and bool(figure.ranks)


def _beside(group: Group) -> tuple[Column, ...]:
    """With restarts where they were looked for; where there were some, a narrow terminal shows that, too."""
    restarts = [entry.summary.restarts for entry in group.entries]
    if restarts == [None] * len(restarts):
        return tuple(column for column in _BESIDE_CAPACITY if column is not _RESTARTS)
    return tuple(
        replace(column, wide=not any(restarts)) if column is _RESTARTS else column
        for column in _BESIDE_CAPACITY
    )


def _capacity_cells(
    suite: Suite, kept: Mapping[str, Keeping], group: Group, entry: Entry, restarts: bool
) -> tuple[str, ...]:
    summary = entry.summary
    return (
        _rank(entry),
        entry.case.server,
        *multiple_cells(group, entry),
        *_capacity_figures(group, entry),
        percent(summary.error_rate),
        *((_restarts(summary.restarts),) if restarts else ()),
        kept[entry.deployment.name].seen,
        workers_x_threads(suite, entry.deployment),
    )


def _capacity_figures(group: Group, entry: Entry) -> Iterator[str]:
    """What open load answers is that of the same server under it, where that is valid."""
    latency = group.latency.get(entry.case.server)
    for figure in _shown("closed"):
        if figure.loop == "open":
            yield cell(figure, latency) if latency and latency.verdict.valid else NOT_MEASURED
            continue
        at_least = "\N{GREATER-THAN OR EQUAL TO} " if figure.ranks and entry.generator_bound else ""
        yield at_least + cell(figure, entry)
        if _has_interval(figure):
            yield interval(entry.summary.figures[figure.key], figure.unit)


def _restarts(number_: int | None) -> str:
    return NOT_KNOWN if number_ is None else f"{number_:,}"


def workers_x_threads(suite: Suite, deployment: Deployment) -> str:
    """As it was told, else as it was seen; results of before have zeros for what nobody knows."""
    server = deployment.server
    if server.workers:
        return f"{server.workers} x {server.threads}"
    seen = [
        (r.workers, r.threads) for r in suite.deployments if r.deployment == deployment.name and r.workers
    ]
    return "{} x {} seen".format(*max(seen)) if seen else NOT_KNOWN


def _latency(suite: Suite, group: Group) -> Table:
    return Table(
        f"Latency: {group.name}",
        (
            RANK,
            SERVER,
            *multiple_columns(group),
            *map(_latency_column, _in_latency()),
            *(_BESIDE_LATENCY if suite.plan.locust is None else _BESIDE_USERS),
        ),
        tuple(row_of(entry, _latency_cells(group, entry)) for entry in group.entries),
        (
            *(_OF_OPEN if suite.plan.locust is None else users.notes(suite, group)),
            *([_RANKED.format(group.figure.label)] if _is_by_block(group) else []),
            *_legend(suite, group),
        ),
    )


def _is_by_block(group: Group) -> bool:
    """Whether ranks don't follow the values that are shown."""
    return group.figure.read.order is not None and sum(map(len, group.ranked)) > 1


def _in_latency() -> tuple[Figure[Any], ...]:
    """What open load answers stands first."""
    return tuple(sorted(_shown("open"), key=lambda figure: figure.loop != "open"))


def _latency_column(figure: Figure[Any]) -> Column:
    label = "Answered" if figure is THROUGHPUT else figure.heading
    return replace(column_of(figure), label=label, wide=figure.wide or figure.loop != "open")


def _latency_cells(group: Group, entry: Entry) -> tuple[str, ...]:
    return (
        _rank(entry),
        entry.case.server,
        *multiple_cells(group, entry),
        *(cell(figure, entry) for figure in _in_latency()),
        percent(not_answered(entry.summary.counts)),
        percent(entry.summary.error_rate),
    )


def row_of(entry: Entry, cells: tuple[str, ...]) -> Row:
    """A row that shows what its figures are worth."""
    server = entry.deployment.server.name
    if not entry.verdict.valid:
        return Row(cells, "unranked", server)
    return Row(cells, "twin" if entry.deployment.variant.kind == TWIN else "plain", server)


def _rank(entry: Entry) -> str:
    if not entry.deployment.variant.kind.ranked:
        return entry.deployment.variant.kind.name
    if entry.rank is None:
        return DASH
    return entry.rank.words.replace(" to ", DASH)


def cell(figure: Figure[Any], entry: Entry) -> str:
    """A figure of a case; of percentiles, whether there were too few answers to tell."""
    value = entry.summary.value(figure.key)
    if value is None and figure.within == LONGEST.within and entry.summary.value(LONGEST.key) is not None:
        return TOO_FEW
    return shown(value, figure.unit)


def _legend(suite: Suite, group: Group) -> tuple[str, ...]:
    if not suite.plan.claims:
        return ()
    notes = []
    ranks = [entry.rank for entry in group.entries if entry.rank]
    if rank := next((rank for rank in ranks if rank.lowest > rank.rank), None):
        better, worse = rank.rank - 1, len(ranks) - rank.lowest
        notes.append(
            f"A rank of {rank.rank}{DASH}{rank.lowest} is as much as this run can tell: of the other servers "
            f"{_so_many(better)} surely better, and {_so_many(worse)} surely worse."
        )
    if any(not entry.verdict.valid for entry in group.entries):
        notes.append(f"'{DASH}': not valid, so not ranked; Validity says why.")
    return tuple(notes)


def _so_many(servers: int) -> str:
    return {0: "none is", 1: "one is"}.get(servers, f"{servers} are")
