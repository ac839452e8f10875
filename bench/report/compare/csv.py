"""A line a figure, SI units. What could not be compared has empty fields and a reason."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.analysis.compare.match import Subject
from bench.report.units import plain

_COLUMNS = (
    "case",
    "server",
    "app",
    "scenarios",
    "load",
    "figure",
    "old",
    "new",
    "ratio",
    "ratio_low",
    "ratio_high",
    "smallest",
    "verdict",
    "reason",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(found: Changes, _judgements: Sequence[Judgement]) -> str:
    """The header and every figure; limits have no line here, the exit code says what became of them."""
    output = StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(found))
    return output.getvalue()


def _rows(found: Changes) -> Iterator[Sequence[object]]:
    for c in found.changes:
        numbers = (c.old, c.new, c.ratio, c.low, c.high, c.smallest)
        yield (*_place(c.subject), c.figure, *numbers, c.verdict, "")
    for one in found.uncompared:
        for figure in one.figures:
            yield (*_place(one.subject), figure, *[None] * 6, "", _text(one.reason))


def _place(subject: Subject) -> tuple[str, ...]:
    scenarios = " ".join(subject.scenarios)
    fields = (subject.id, subject.server, subject.app, scenarios, subject.load)
    return tuple(_text(field) for field in fields)


def _text(value: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    value = plain(value)
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
