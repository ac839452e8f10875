"""A line a case, SI units, for spreadsheets and scripts. What was not measured is an empty field."""

from __future__ import annotations

from bench.analysis.keeping import Keeping, by_deployment
from bench.model import Analysis, Counts, Estimate, Suite
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
        "rank": entry.rank,
        "server": case.server,
        "app": case.app,
        "scenario": case.scenario,
        "load": case.load.model,
        "users": case.load.at_once,
        "rate": case.load.rate,
        "twin": entry.deployment.twin,
        "valid": entry.verdict.valid,
        "reasons": "; ".join(entry.verdict.reasons),
        **_estimate("throughput_rps", summary.throughput_rps),
        **{f"latency_{name}_s": value for name, value in summary.latency_s.items()},
        **_estimate("cpu_s_per_request", summary.cpu_s_per_request),
        "memory_idle_bytes": summary.memory_idle_bytes,
        "memory_peak_bytes": summary.memory_peak_bytes,
        "start_s": summary.start_s,
        "error_rate": summary.error_rate,
        "requests": summary.requests,
        "connections_per_request": summary.connections_per_request,
        "keep_alive": kept.claimed,
        "keep_alive_seen": kept.seen,
        "workers": server.workers or None,
        "threads": server.threads or None,
        **_counts(summary.counts),
        "old": entry.deployment.old,
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


def _estimate(name: str, estimate: Estimate | None) -> dict[str, object]:
    values = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
