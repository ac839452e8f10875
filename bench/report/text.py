"""The report in a terminal of 80 columns or fewer: verdict, tables, what is not valid and what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import StringIO
from textwrap import fill

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bench.model import Analysis, Suite
from bench.report.page import Column, Page, Section, Table
from bench.report.sections import page

WIDTH = 80
_LOG_LINES = 5
_NAME = 16
# The last line of a traceback: "sqlite3.OperationalError: no such table: item".
_RAISED = re.compile(
    r"([A-Za-z_][\w.]*\.)?[A-Z]\w*(Error|Exception|Exit|Interrupt|Warning|Missing|NotFound)\b"
)


def render(suite: Suite, analysis: Analysis, width: int = WIDTH) -> str:
    """The whole report.

    Args:
        width: of the terminal.
    """
    return write(page(suite, analysis), width)


def write(content: Page, width: int = WIDTH) -> str:
    """Any page, without colour or control sequences."""
    output = StringIO()
    console = Console(file=output, width=width, color_system=None, force_terminal=False, highlight=False)
    console.print(Text(content.title), Text(content.subtitle), sep="\n")
    for sentence in content.verdict:
        console.print()
        console.print(Text(sentence))
    for section in content.sections:
        if not section.folded:
            _section(console, section)
    return "".join(f"{line.rstrip()}\n" for line in output.getvalue().splitlines())


def _section(console: Console, section: Section) -> None:
    console.print()
    console.print(Text(section.title.upper()))
    for paragraph in section.paragraphs:
        console.print(Text(paragraph))
    for point in section.points:
        console.print(Padding(Text(f"- {point}"), (0, 0, 0, 2)))
    for table in section.tables:
        console.print(Text(table.caption))
        for grid in _fitting(table, console.width):
            console.print(grid)
        for note in table.notes:
            console.print(Text(note))
    for listing in section.listings:
        console.print(Text(listing.caption))
        for line in _told(listing.lines):
            console.print(Text(f"    {line.expandtabs()}"), soft_wrap=True)


def _told(lines: Sequence[str]) -> Sequence[str]:
    """The last lines of a log, and before them what was raised last, if it stands further up."""
    last = lines[-_LOG_LINES:]
    raised = [line for line in lines[:-_LOG_LINES] if _RAISED.match(line)]
    return [*raised[-1:], *last] if raised and not any(map(_RAISED.match, last)) else last


def _fitting(table: Table, width: int) -> Iterator[Grid]:
    """The table, with two blanks between columns where there is room for them, else with one; where there is
    no room at all its figures go on in further tables, each with the names before them.
    """
    shown = [number for number, column in enumerate(table.columns) if not column.wide]
    names = _names(table, shown)
    figures = shown[len(names) :]
    while figures:
        fits = len(figures)
        while fits > 1 and _least(table, names + figures[:fits]) > width:
            fits -= 1
        yield _spaced(table, names + figures[:fits], width)
        figures = figures[fits:]
    if len(names) == len(shown):
        yield _spaced(table, names, width)


def _names(table: Table, shown: list[int]) -> list[int]:
    """The columns that say what a row is about: through the first ones that are text."""
    numeric = [table.columns[number].numeric for number in shown]
    first = numeric.index(False) if False in numeric else 0
    following = [place for place in range(first, len(shown)) if numeric[place]]
    return shown[: following[0]] if following else shown


def _spaced(table: Table, columns: list[int], width: int) -> Grid:
    grid = _grid(table, 1, columns)
    return grid if _measured(grid).maximum <= width else _grid(table, 0, columns)


def _least(table: Table, columns: Sequence[int]) -> int:
    """How narrow columns can become without a break in a word or a figure."""
    # A blank in a figure is no place to break it, though it would be measured as one.
    return _measured(_grid(table, 0, columns, blank="_")).minimum


def _measured(grid: Grid) -> Measurement:
    return Console(width=WIDTH * 10).measure(grid)


def _grid(table: Table, padding: int, shown: Sequence[int], blank: str = " ") -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, padding, 0, 0), pad_edge=False)
    for column in (table.columns[number] for number in shown):
        label = "\n".join(_narrow(part) for part in (column.label, column.unit) if part)
        grid.add_column(
            Text(label.replace(" ", blank) if column.numeric else label),
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
    for row in table.rows:
        cells = (_cell(row.cells[number], table.columns[number], blank) for number in shown)
        grid.add_row(*map(Text, cells))
    return grid


def _cell(text: str, column: Column, blank: str) -> str:
    """A long name is broken after a hyphen, rather than wherever the line ends."""
    if column.numeric:
        return text.replace(" ", blank)
    return text if " " in text else fill(text, _NAME)


def _narrow(label: str) -> str:
    """Figures decide how wide a column is, not its label."""
    return fill(label, 8, break_long_words=False)
