"""A line a case, SI units, for spreadsheets and scripts. What was not measured is an empty field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.analysis.figure import Figure
from bench.analysis.figures import figures
from bench.analysis.keepalive import Keeping, by_deployment
from bench.model import Analysis, Counts, Estimate, Suite
from bench.model.variant import OLD, TWIN
from bench.report.results import Entry, Group, groups
from bench.report.spreadsheet import lines


def render(suite: Suite, analysis: Analysis) -> str:
    """The header, and all cases in the report's order."""
    kept = by_deployment(suite)
    rows = [
        _row(group, entry, kept[entry.deployment.name])
        for group in groups(suite, analysis, old=True)
        for entry in group.entries
    ]
    return lines(list(rows[0]), rows)


def _row(group: Group, entry: Entry, kept: Keeping) -> dict[str, object]:
    case, summary, server = entry.case, entry.summary, entry.deployment.server
    return {
        "case": case.id,
        "group": group.name,
        "rank": entry.rank and entry.rank.rank,
        "rank_last": entry.rank and entry.rank.last,
        "server": case.server,
        "app": case.app,
        "scenario": case.scenario,
        "load": case.load.model,
        "users": case.load.at_once,
        "rate": case.load.rate,
        "twin": entry.deployment.variant.kind == TWIN,
        "valid": entry.verdict.valid,
        "reasons": "; ".join(entry.verdict.reasons),
        **{
            column: value
            for figure in figures()
            for column, value in _figure(figure, summary.figures[figure.key])
        },
        "error_rate": summary.error_rate,
        "requests": summary.requests,
        "connections_per_request": summary.connections_per_request,
        "keep_alive": kept.claimed,
        "keep_alive_seen": kept.seen,
        "workers": server.workers or None,
        "threads": server.threads or None,
        **_counts(summary.counts),
        "old": entry.deployment.variant.kind == OLD,
        "restarts": summary.restarts,
    }


def _counts(counts: Counts) -> dict[str, object]:
    """As `result.json` names them; `error_rate` is (failed + dropped + unfinished) / offered."""
    return {
        "offered": counts.offered,
        "ok": counts.ok,
        "failed": counts.failed,
        "errors": " ".join(f"{kind}={number}" for kind, number in counts.errors.items()),
        "dropped": counts.dropped,
        "dropped_late": counts.dropped_late,
        "unfinished": counts.unfinished,
        "sent_again": counts.sent_again,
    }


def _figure(figure: Figure[Any], estimate: Estimate | None) -> Iterator[tuple[str, object]]:
    """A column, or three with the interval."""
    yield figure.column, estimate and estimate.value
    if figure.read.intervals:
        yield f"{figure.column}_low", estimate and estimate.low
        yield f"{figure.column}_high", estimate and estimate.high
