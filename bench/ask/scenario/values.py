"""The values of a scenario file: ranges, lists, and columns of CSV files."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from bench.ask.scenario.table import Table, as_text
from bench.ask.words import hint
from bench.model.errors import UsageError
from bench.model.scenario import Drawn

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_ROWS = 100_000
_FORMS = "{ from = 1, to = 9 }, a list, or { csv = 'FILE' }"
_MOST = 2**53


def read_values(table: Table, folder: Path) -> tuple[Drawn, ...]:
    """What requests may draw.

    Args:
        table: `[values]` of the file; what is wrong with it is noted.
        folder: that of the file, from which other files are named.
    """
    drawn = []
    for name in table.values:
        if not NAME.fullmatch(name):
            table.note(f"{name!r} is no name: use letters, digits and '_'")
            continue
        with table.problems.collected():
            drawn.append(_read(name, table, folder))
    return tuple(drawn)


def _read(name: str, table: Table, folder: Path) -> Drawn:
    value, place = table.values[name], f"{table.place}, {name}"
    if isinstance(value, list):
        texts = [as_text(item) for item in value]
        if not value or None in texts:
            raise UsageError(
                f"{place}: {'the list is empty' if not value else 'it holds more than plain values'}."
            )
        return Drawn(name, rows=tuple((text,) for text in texts if text is not None))
    if isinstance(value, dict) and value.keys() == {"from", "to"}:
        first, last = value["from"], value["to"]
        whole = all(type(end) is int for end in (first, last))
        if not whole or not 0 <= first <= last <= _MOST:
            raise UsageError(f"{place}: {first!r} to {last!r} is no range of whole numbers from 0 on.")
        return Drawn(name, first=first, last=last)
    if isinstance(value, dict) and isinstance(value.get("csv"), str) and value.keys() <= {"csv", "column"}:
        return _from_csv(name, folder / value["csv"], value.get("column"), place)
    raise UsageError(f"{place}: {value!r} is no value. Write {_FORMS}.")


def _from_csv(name: str, path: Path, column: object, place: str) -> Drawn:
    """The rows of a CSV file whose first line names its columns."""
    place = f"{place}: {path}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file, strict=True) if line]
    except OSError as error:
        raise UsageError(f"{place} can't be read: {error.strerror}.") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{place} is no CSV file in UTF-8: {error}.") from None
    columns = tuple(cell.strip() for cell in lines[0]) if lines else ()
    rows = tuple(map(tuple, lines[1:]))
    if not rows:
        raise UsageError(f"{place} has no rows. Its first line names the columns, each other one is drawn.")
    if len(rows) > MOST_ROWS:
        raise UsageError(f"{place} has {len(rows):,} rows, more than {MOST_ROWS:,}. Shorten it.")
    if len(set(columns)) != len(columns) or not all(columns):
        raise UsageError(
            f"{place}: its first line names a column twice, or not at all: {', '.join(columns)}."
        )
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns):
            raise UsageError(f"{place}, row {number}: {len(row)} values for {len(columns)} columns.")
    if column is None:
        return Drawn(name, columns, rows)
    if column not in columns:
        near = hint(str(column), columns)
        raise UsageError(f"{place} has no column {column!r}{near}. It has {', '.join(columns)}.")
    at = columns.index(str(column))
    return Drawn(name, rows=tuple((row[at],) for row in rows))
