"""Comma-separated values that scripts read and no spreadsheet misreads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO

from bench.report.units import plain

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def lines(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The header and a line a row."""
    output = StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_field(row[name]) for name in columns] for row in rows)
    return output.getvalue()


def _field(value: object) -> object:
    """Text that is no formula, 1 or 0 for yes or no, and of a float nine digits: more differ by processor."""
    if isinstance(value, str):
        text = plain(value)
        return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    if isinstance(value, bool):
        return int(value)
    return f"{value:.9g}" if isinstance(value, float) else value
