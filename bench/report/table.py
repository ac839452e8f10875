"""The main tables: a row a server, by rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bench.analysis.keeping import NOT_KNOWN, Keeping, by_deployment
from bench.analysis.outcomes import not_answered
from bench.model import Server, Suite
from bench.model.variant import TWIN
from bench.report.page import Column, Row, Table
from bench.report.results import Entry, Group
from bench.report.units import (
    DASH,
    NOT_MEASURED,
    TOO_FEW,
    interval,
    megabytes,
    milliseconds,
    number,
    percent,
    value_of,
)

_RESTARTS = Column("Restarts", wide=True)
_CAPACITY = (
    Column("Rank"),
    Column("Server", numeric=False),
    Column("Requests", "a second"),
    Column("95 % interval", "a second"),
    Column("p50", "ms"),
    Column("p99", "ms"),
    Column("CPU", "ms a request"),
    Column("Peak memory", "MB"),
    Column("Start", "s", wide=True),
    Column("Errors"),
    _RESTARTS,
    Column("Keep-alive", numeric=False, wide=True),
    Column("Workers x threads", wide=True),
)

_LATENCY = (
    Column("Rank"),
    Column("Server", numeric=False),
    Column("p50", "ms"),
    Column("p90", "ms"),
    Column("p95", "ms"),
    Column("p99", "ms"),
    Column("p99.9", "ms", wide=True),
    Column("Longest", "ms"),
    Column("Answered", "a second", wide=True),
    Column("CPU", "ms a request", wide=True),
    Column("Not answered", "of those due"),
    Column("Errors"),
)


def table(suite: Suite, group: Group) -> Table:
    """The table of one group."""
    return _capacity(suite, group) if group.closed else _latency(suite, group)


def _capacity(suite: Suite, group: Group) -> Table:
    notes = [
        f"p50 and p99: {group.latency_name}, from the moment each request was due."
        if group.latency
        else "p50 and p99: no open load was measured for these."
    ]
    kept = by_deployment(suite)
    columns = _columns(group)
    shown = _RESTARTS.label in (column.label for column in columns)
    return Table(
        f"Capacity: {group.name}",
        columns,
        tuple(row_of(entry, _capacity_cells(kept, group, entry, shown)) for entry in group.entries),
        (*notes, *_legend(suite, group)),
    )


def _columns(group: Group) -> tuple[Column, ...]:
    """With restarts where they were looked for; where there were some, a narrow terminal shows that, too."""
    found = [entry.summary.restarts for entry in group.entries]
    if found == [None] * len(found):
        return tuple(one for one in _CAPACITY if one is not _RESTARTS)
    return tuple(replace(one, wide=not any(found)) if one is _RESTARTS else one for one in _CAPACITY)


def _capacity_cells(
    kept: Mapping[str, Keeping], group: Group, entry: Entry, restarts: bool
) -> tuple[str, ...]:
    summary, server = entry.summary, entry.deployment.server
    at_least = "\N{GREATER-THAN OR EQUAL TO} " if entry.generator_bound else ""
    latency = group.latency.get(entry.case.server)
    return (
        _rank(entry),
        entry.case.server,
        at_least + value_of(summary.throughput_rps),
        interval(summary.throughput_rps),
        _percentile(latency, "p50"),
        _percentile(latency, "p99"),
        milliseconds(summary.cpu_s_per_request.value if summary.cpu_s_per_request else None),
        megabytes(summary.memory_peak_bytes),
        number(summary.start_s),
        percent(summary.error_rate),
        *((_restarts(summary.restarts),) if restarts else ()),
        kept[entry.deployment.name].seen,
        workers_x_threads(server),
    )


def _restarts(number_: int | None) -> str:
    return NOT_KNOWN if number_ is None else f"{number_:,}"


def workers_x_threads(server: Server) -> str:
    """Results of before have zeros for what nobody knows."""
    return f"{server.workers} x {server.threads}" if server.workers else NOT_KNOWN


def _latency(suite: Suite, group: Group) -> Table:
    return Table(
        f"Latency: {group.name}",
        _LATENCY,
        tuple(row_of(entry, _latency_cells(entry)) for entry in group.entries),
        (
            "Times count from the moment each request was due, so that a server that stalls can't hide it.",
            *_legend(suite, group),
        ),
    )


def _latency_cells(entry: Entry) -> tuple[str, ...]:
    summary = entry.summary
    return (
        _rank(entry),
        entry.case.server,
        *(_percentile(entry, name, strict=False) for name in ("p50", "p90", "p95", "p99", "p999", "max")),
        value_of(summary.throughput_rps),
        milliseconds(summary.cpu_s_per_request.value if summary.cpu_s_per_request else None),
        percent(not_answered(summary.counts)),
        percent(summary.error_rate),
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
    return f"{entry.rank}{'=' if entry.tied else ''}"


def _percentile(entry: Entry | None, name: str, *, strict: bool = True) -> str:
    """Beside another load's figures only a valid one is shown."""
    if entry is None or (strict and not entry.verdict.valid):
        return NOT_MEASURED
    value = entry.summary.latency_s[name]
    if value is None and entry.summary.latency_s["max"] is not None:
        return TOO_FEW
    return milliseconds(value)


def _legend(suite: Suite, group: Group) -> tuple[str, ...]:
    if not suite.plan.claims:
        return ()
    notes = []
    if any(entry.tied for entry in group.entries):
        notes.append("'=': servers of one rank could not be told apart from its first.")
    if any(not entry.verdict.valid for entry in group.entries):
        notes.append(f"'{DASH}': not valid, so not ranked; Validity says why.")
    return tuple(notes)
