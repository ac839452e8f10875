"""Two figures of each server against each other, each point with its name beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom, left, spread
from bench.report.charts.scale import fitting
from bench.report.charts.svg import (
    SIZE,
    WIDTH,
    Series,
    element,
    fixed,
    group,
    mark,
    picture,
    shortened,
    text,
    text_width,
)

_LEFT, _RIGHT, _COLUMN = 60, 660, 700
_TOP, _BASE = 34, 374
_LONGEST = WIDTH - _COLUMN - 6
_RADIUS = 6


@dataclass(frozen=True)
class Point:
    """One server."""

    series: Series
    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """What a label or a marker covers."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)


def draw(name: str, title: str, description: str, x_axis: str, y_axis: str, points: Sequence[Point]) -> str:
    """The chart."""
    across = fitting([point.x for point in points], _LEFT, _RIGHT, from_zero=True)
    up = fitting([point.y for point in points], _BASE, _TOP, from_zero=True)
    content = [*bottom(across, _TOP, _BASE, x_axis, titled_at=(_LEFT + _RIGHT) / 2)]
    content += left(up, _LEFT, _RIGHT, y_axis)
    places = [(across.place(point.x), up.place(point.y)) for point in points]
    names = [shortened(point.series.label, _LONGEST) for point in points]
    boxes = labels(places, names)
    column = spread([y for _, y in places], _TOP, _BASE)
    for number, (point, place) in enumerate(zip(points, places, strict=True)):
        if boxes is None:
            words = _in_column(point.series, place, column[number], names[number])
        else:
            words = [_beside(place, boxes[number], names[number])]
        content.append(group(point.series, [*words, mark(point.series, *place, _RADIUS)]))
    return picture(name, title, description, _BASE + 42, content)


def labels(places: Sequence[tuple[float, float]], names: Sequence[str]) -> Sequence[Box] | None:
    """Where each name stands, next to its marker; None where names would have to cover each other."""
    taken = [Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in places]
    placed: list[Box] = []
    for (x, y), name in zip(places, names, strict=True):
        width, gap, height = text_width(name), _RADIUS + 5, SIZE + 2
        corners = [(x + gap, y), (x - gap - width, y), (x - width / 2, y - 17), (x - width / 2, y + 17)]
        boxes = [
            Box(start, level - height / 2, start + width, level + height / 2)
            for start, level in corners
            if start >= _LEFT and start + width <= WIDTH and _TOP - 10 <= level <= _BASE + 4
        ]
        free = (box for box in boxes if not any(box.overlap(other) for other in [*taken, *placed]))
        best = next(free, None)
        if best is None:
            return None
        placed.append(best)
    return placed


def _beside(place: tuple[float, float], box: Box, name: str) -> str:
    middle = (box.top + box.bottom) / 2
    if box.left > place[0]:
        return text(box.left, middle, name, kind="halo")
    if box.right < place[0]:
        return text(box.right, middle, name, "end", "halo")
    return text(place[0], middle, name, "middle", "halo")


def _in_column(series: Series, place: tuple[float, float], level: float, name: str) -> Iterable[str]:
    line = f"M{fixed(place[0])} {fixed(place[1])}L{fixed(_COLUMN - 14)} {fixed(level)}"
    yield element("path", d=line, stroke=series.colour, class_="leader")
    yield mark(series, _COLUMN - 7, level, 4)
    yield text(_COLUMN + 2, level, name)
