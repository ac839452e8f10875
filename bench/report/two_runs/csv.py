"""A line a figure, SI units. What could not be compared has empty fields and a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.analysis.claim import verdict
from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Comparison, Subject
from bench.report.spreadsheet import lines

COLUMNS = (
    *("case", "server", "app", "scenarios", "load", "figure"),
    *("old", "new", "ratio", "ratio_low", "ratio_high", "smallest", "verdict", "reason"),
)


def render(changes: Changes, _judgements: Sequence[Judgement]) -> str:
    """The header and every figure; limits have no line here, the exit code says what became of them."""
    return lines(COLUMNS, list(_rows(changes)))


def _rows(changes: Changes) -> Iterator[dict[str, object]]:
    for change in changes.changes:
        yield _row(change.subject, change.figure, change, "")
    for gap in changes.not_compared:
        for figure in gap.figures:
            yield _row(gap.subject, figure, None, gap.reason)


def _row(subject: Subject, figure: str, change: Comparison | None, reason: str) -> dict[str, object]:
    return {
        "case": subject.id,
        "server": subject.server,
        "app": subject.app,
        "scenarios": " ".join(subject.scenarios),
        "load": subject.load,
        "figure": figure,
        "old": change and change.other_value,
        "new": change and change.value,
        "ratio": change and change.ratio,
        "ratio_low": change and change.low,
        "ratio_high": change and change.high,
        "smallest": change and change.smallest,
        "verdict": verdict(change) if change else "",
        "reason": reason,
    }
