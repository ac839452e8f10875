"""A line a case, SI units, for spreadsheets and scripts. What was not measured is an empty field."""

from __future__ import annotations

import csv
from io import StringIO

from bench.model import Analysis, Estimate, Suite
from bench.report.results import Entry, Group, groups
from bench.report.units import plain

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(suite: Suite, analysis: Analysis) -> str:
    """The header, and all cases in the report's order."""
    rows = [_fields(group, entry) for group in groups(suite, analysis) for entry in group.entries]
    output = StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(name for name, _ in rows[0]) if rows else None
    writer.writerows([_field(value) for _, value in row] for row in rows)
    return output.getvalue()


def _fields(group: Group, entry: Entry) -> list[tuple[str, object]]:
    case, summary, server = entry.case, entry.summary, entry.deployment.server
    return [
        ("case", _text(case.id)),
        ("group", _text(group.name)),
        ("rank", entry.rank),
        ("server", _text(case.server)),
        ("app", _text(case.app)),
        ("scenario", _text(case.scenario)),
        ("load", case.load.model),
        ("users", case.load.users),
        ("rate", case.load.rate),
        ("twin", int(entry.deployment.twin)),
        ("valid", int(entry.verdict.valid)),
        ("reasons", _text("; ".join(entry.verdict.reasons))),
        *_estimate("throughput_rps", summary.throughput_rps),
        *((f"latency_{name}_s", value) for name, value in summary.latency_s.items()),
        *_estimate("cpu_s_per_request", summary.cpu_s_per_request),
        ("memory_idle_bytes", summary.memory_idle_bytes),
        ("memory_peak_bytes", summary.memory_peak_bytes),
        ("start_s", summary.start_s),
        ("error_rate", summary.error_rate),
        ("requests", summary.requests),
        ("connections_per_request", summary.connections_per_request),
        ("keep_alive", int(server.keep_alive)),
        ("workers", server.workers),
        ("threads", server.threads),
    ]


def _estimate(name: str, estimate: Estimate | None) -> list[tuple[str, object]]:
    values = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    return list(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def _field(value: object) -> object:
    """A float with nine digits: the last of its seventeen differ between processors."""
    return f"{value:.9g}" if isinstance(value, float) else value


def _text(value: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    value = plain(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
