"""GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bench.model import Analysis, Suite
from bench.report.build import page
from bench.report.page import Column, Listing, Section, Table

_SPECIAL = re.compile(r"([\\`*_\[\]|#~$!])")


def render(suite: Suite, analysis: Analysis) -> str:
    """The whole report."""
    content = page(suite, analysis)
    lines = [f"# {escape(content.title)}", "", escape(content.subtitle), ""]
    for sentence in content.verdict:
        lines += [f"**{escape(sentence)}**", ""]
    for section in content.sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Text that renders as itself, on one line, wherever in a line it stands."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


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
        yield from _table(table)
    for listing in section.listings:
        yield from _listing(listing)
    if section.folded:
        yield from ("</details>", "")


def _table(table: Table) -> Iterator[str]:
    yield from (f"**{escape(table.caption)}**", "")
    yield _row([_heading(column) for column in table.columns])
    yield _row(["---:" if column.numeric else "---" for column in table.columns])
    for row in table.rows:
        yield _row([_cell(column, cell) for column, cell in zip(table.columns, row.cells, strict=True)])
    yield ""
    for note in table.notes:
        yield from (escape(note), "")


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
