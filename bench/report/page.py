"""What every format renders: a title, sentences, and sections of paragraphs, charts, tables and listings.

All of it but a chart's SVG is plain text; a format escapes what it writes.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal, TypeVar, cast

from bench.report.units import plain

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A table's column.

    Attributes:
        unit: stands below the label; empty if the label says it.
        wide: left out where only 80 characters fit.
        code: its cells are commands.
    """

    label: str
    unit: str = ""
    numeric: bool = True
    wide: bool = False
    code: bool = False


@dataclass(frozen=True)
class Row:
    """A table's row.

    Attributes:
        kind: an "unranked" one may not be compared, a "twin" shows the harness's own error.
        server: whose row it is, for the page's filter; a twin's is that of its server.
        address: where the first cell leads, relative to the page; only HTML links it.
    """

    cells: tuple[str, ...]
    kind: Literal["plain", "unranked", "twin"] = "plain"
    server: str = ""
    address: str = ""


@dataclass(frozen=True)
class Table:
    """Cells that are ready to print; every row has a cell for every column."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing:
    """Lines as they were printed, or to be typed."""

    caption: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """A picture, and its figures as a table.

    Attributes:
        svg: an element, the only markup that a page holds.
        server: whose alone it is, for the page's filter; empty if it shows several.
    """

    svg: str
    table: Table
    server: str = ""


@dataclass(frozen=True)
class Download:
    """A file that the page carries within it.

    Attributes:
        name: what it is saved as.
        holds: what is in it, in words.
        kind: its media type.
    """

    name: str
    holds: str
    kind: str
    text: str

    @property
    def address(self) -> str:
        """A link that needs neither network nor script."""
        encoded = base64.b64encode(self.text.encode()).decode()
        return f"data:{self.kind};charset=utf-8;base64,{encoded}"


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        id: what a link names.
        charts, downloads: only HTML has them.
        folded: whether a reader has to open it; the terminal leaves it out.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    listings: tuple[Listing, ...] = ()
    downloads: tuple[Download, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes:
        verdict: what was found, a sentence a group.
        servers: what a reader may filter by; no twins.
    """

    title: str
    subtitle: str
    verdict: tuple[str, ...]
    sections: tuple[Section, ...]
    servers: tuple[str, ...] = ()


def sanitised(value: T) -> T:
    """The same page with every text `plain`."""
    if isinstance(value, str):
        return cast(T, plain(value))
    if isinstance(value, tuple):
        return cast(T, tuple(sanitised(item) for item in value))
    if is_dataclass(value):
        make = cast(Callable[..., T], type(value))
        return make(**{f.name: sanitised(getattr(value, f.name)) for f in fields(value)})
    return value
