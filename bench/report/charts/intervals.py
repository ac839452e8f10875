"""A row a server: its estimate as a marker, its interval as a bar, its trials as ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom
from bench.report.charts.scale import Scale, fitting
from bench.report.charts.svg import (
    WIDTH,
    Series,
    element,
    fixed,
    group,
    hatch,
    mark,
    picture,
    shortened,
    text,
)

_ROW = 34
_TOP = 8
_LEFT, _RIGHT = 150, 640


@dataclass(frozen=True)
class Interval:
    """One row.

    Attributes:
        value, low, high: None where there is no figure, or no interval.
        words: the same figures, as they are written beside it.
        valid: the row is hatched if not.
    """

    series: Series
    value: float | None
    low: float | None
    high: float | None
    trials: Sequence[float]
    words: str
    valid: bool = True


def draw(name: str, title: str, description: str, axis: str, rows: Sequence[Interval]) -> str:
    """The chart, its rows in the order given.

    Args:
        axis: what is measured, in which unit.
    """
    known = [v for row in rows for v in (*row.trials, row.value, row.low, row.high) if v is not None]
    scale = fitting(known, _LEFT + 10, _RIGHT - 10)
    base = _TOP + _ROW * len(rows)
    content = [hatch(f"{name}-hatch"), *bottom(scale, _TOP, base, axis, titled_at=(_LEFT + _RIGHT) / 2)]
    for number, row in enumerate(rows):
        content.append(group(row.series, _row(name, row, scale, _TOP + _ROW * (number + 0.5))))
    return picture(name, title, description, base + 42, content)


def _row(name: str, row: Interval, scale: Scale, y: float) -> Iterable[str]:
    colour = row.series.colour
    if not row.valid:
        fill = f"url(#{name}-hatch)"
        yield element("rect", x=0, y=y - _ROW / 2 + 1, width=WIDTH, height=_ROW - 2, fill=fill)
    yield text(_LEFT - 8, y, shortened(row.series.label, _LEFT - 12), "end", "halo")
    if row.trials:
        ticks = "".join(f"M{fixed(scale.place(trial))} {fixed(y - 7)}v14" for trial in row.trials)
        yield element("path", d=ticks, stroke=colour, class_="trials")
    if row.low is not None and row.high is not None:
        start, end = fixed(scale.place(row.low)), fixed(scale.place(row.high))
        ends = f"M{start} {fixed(y)}H{end}M{start} {fixed(y - 10)}v20M{end} {fixed(y - 10)}v20"
        yield element("path", d=ends, class_="halo-line")
        yield element("path", d=ends, class_="interval")
    if row.value is not None:
        yield mark(row.series, scale.place(row.value), y, 4)
    yield text(_RIGHT + 8, y, row.words, kind="halo")
