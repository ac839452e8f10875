"""GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bench.model import Analysis, Suite
from bench.report.page import Column, Listing, Page, Section, Table
from bench.report.sections import page
from bench.report.units import count

MAX_BYTES = 1024 * 1024
"""What GitHub takes as the summary of a step."""

_NOTE_BYTES = 200
_SPECIAL = re.compile(r"([\\`*_\[\]|#~$!])")


def render(suite: Suite, analysis: Analysis) -> str:
    """The whole report of a run."""
    return write(page(suite, analysis))


def write(content: Page) -> str:
    """Any page as Markdown; sections are left out from its end where it would be longer than GitHub takes."""
    lines = [f"# {escape(content.title)}", "", escape(content.subtitle), ""]
    for sentence in content.verdict:
        lines += [f"**{escape(sentence)}**", ""]
    parts = ["\n".join(lines), *("\n".join(_section(section)) for section in content.sections)]
    return limited(parts).rstrip() + "\n"


def limited(parts: Sequence[str], limit_bytes: int = MAX_BYTES) -> str:
    """The parts, with a line instead of those at the end that don't fit. The first is always whole."""
    room = limit_bytes - _NOTE_BYTES
    kept = len(parts)
    while kept > 1 and sum(len(part.encode()) + 1 for part in parts[:kept]) > room:
        kept -= 1
    left = len(parts) - kept
    note = f"The last {count(left, 'section')} would not fit into 1 MiB; `--format html` has everything."
    return "\n".join([*parts[:kept], *([note] if left else [])])


def escape(text: str) -> str:
    """Text that renders as itself, on one line, wherever in a line it stands."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def table_lines(table: Table) -> Iterator[str]:
    """A table with its caption and notes."""
    yield from (f"**{escape(table.caption)}**", "")
    yield _row([_heading(column) for column in table.columns])
    yield _row(["---:" if column.numeric else "---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(column, cell) for column, cell in zip(table.columns, row.cells, strict=True)])
    yield ""
    for note in table.notes:
        yield from (escape(note), "")


def _section(section: Section) -> Iterator[str]:
    if section.folded:
        yield from (f"<details><summary>{escape(section.title)}</summary>", "")
    else:
        yield from (f"## {escape(section.title)}", "")
    for paragraph in section.paragraphs:
        yield from (escape(paragraph), "")
    if section.points:
        yield from (*(f"- {escape(point)}" for point in section.points), "")
    for table in section.tables:
        yield from table_lines(table)
    for listing in section.listings:
        yield from _listing(listing)
    if section.folded:
        yield from ("</details>", "")


def _heading(column: Column) -> str:
    return escape(f"{column.label}, {column.unit}" if column.unit else column.label)


def _cell(column: Column, cell: str) -> str:
    return f"<code>{escape(cell)}</code>" if column.code and cell else escape(cell)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _listing(listing: Listing) -> Iterator[str]:
    """A fence longer than any run of backticks within."""
    runs = re.findall("`+", "\n".join(listing.lines))
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    yield from (escape(listing.caption), "", f"{fence}text", *listing.lines, fence, "")
