"""Small multiples: a panel an endpoint, a row a server, its median and its p99 on one axis for all panels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom
from bench.report.charts.scale import Scale, fitting
from bench.report.charts.svg import WIDTH, Series, element, fixed, group, mark, picture, shortened, text

_ROW = 20
_HEAD = 26
_FOOT = 46
_GUTTER = 20
_NAMES = 110


@dataclass(frozen=True)
class MedianAndP99:
    """One row: two values, each None where there are too few samples."""

    series: Series
    median: float | None
    p99: float | None


@dataclass(frozen=True)
class Panel:
    """One endpoint."""

    name: str
    rows: Sequence[MedianAndP99]


def draw(name: str, title: str, description: str, axis: str, panels: Sequence[Panel]) -> str:
    """The chart: two panels side by side, or one alone."""
    across = 1 if len(panels) == 1 else 2
    width = (WIDTH - _GUTTER * (across - 1)) / across
    known = [v for panel in panels for row in panel.rows for v in (row.median, row.p99) if v is not None]
    content: list[str] = []
    top = 0.0
    for start in range(0, len(panels), across):
        line = panels[start : start + across]
        for column, panel in enumerate(line):
            left = column * (width + _GUTTER)
            scale = fitting(known, left + _NAMES + 8, left + width - 14)
            content += _panel(panel, scale, left, top, axis)
        top += _HEAD + _ROW * max(len(panel.rows) for panel in line) + _FOOT
    return picture(name, title, description, top, content)


def _panel(panel: Panel, scale: Scale, left: float, top: float, axis: str) -> Iterable[str]:
    start, end = scale.place(scale.low), scale.place(scale.high)
    base = top + _HEAD + _ROW * len(panel.rows)
    yield text(start, top + 12, shortened(panel.name, end - start), kind="strong")
    yield from bottom(scale, top + _HEAD, base, axis, titled_at=(start + end) / 2)
    for number, row in enumerate(panel.rows):
        y = top + _HEAD + _ROW * (number + 0.5)
        yield group(row.series, _row(row, scale, left + _NAMES, y))


def _row(row: MedianAndP99, scale: Scale, names_end: float, y: float) -> Iterable[str]:
    series = row.series
    yield text(names_end, y, shortened(series.label, _NAMES - 6), "end")
    if row.median is None:
        yield text(scale.place(scale.low) + 4, y, "too few", kind="tiny")
        return
    x = scale.place(row.median)
    if row.p99 is not None:
        far = scale.place(row.p99)
        yield element("path", d=f"M{fixed(x)} {fixed(y)}H{fixed(far)}", stroke=series.colour, class_="link")
        yield mark(series, far, y, 3, hollow=True)
    yield mark(series, x, y, 4.5)
