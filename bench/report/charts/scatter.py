"""Two figures of each server against each other, each point with its name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom, left
from bench.report.charts.scale import fitting
from bench.report.charts.svg import SIZE, WIDTH, Series, group, mark, picture, shortened, text, text_width

_LEFT, _RIGHT = 60, WIDTH - 20
_TOP, _BASE = 34, 374
_LONGEST = 180
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
    across = fitting([point.x for point in points], _LEFT, _RIGHT)
    up = fitting([point.y for point in points], _BASE, _TOP)
    content = [*bottom(across, _TOP, _BASE, x_axis, titled_at=(_LEFT + _RIGHT) / 2)]
    content += left(up, _LEFT, _RIGHT, y_axis)
    places = [(across.place(point.x), up.place(point.y)) for point in points]
    names = [shortened(point.series.label, _LONGEST) for point in points]
    for point, (x, y), label, box in zip(points, places, names, labels(places, names), strict=True):
        middle = (box.top + box.bottom) / 2
        if box.left > x:
            words = text(box.left, middle, label, kind="halo")
        elif box.right < x:
            words = text(box.right, middle, label, "end", "halo")
        else:
            words = text(x, middle, label, "middle", "halo")
        content.append(group(point.series, [words, mark(point.series, x, y, _RADIUS)]))
    return picture(name, title, description, _BASE + 42, content)


def labels(places: Sequence[tuple[float, float]], names: Sequence[str]) -> Sequence[Box]:
    """Where each name stands: right of its marker, or else where it covers least."""
    taken = [Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in places]
    found: list[Box] = []
    for (x, y), name in zip(places, names, strict=True):
        width, gap, height = text_width(name), _RADIUS + 5, SIZE + 2
        beside, before = x + gap, x - gap - width
        corners = [(beside, y), (before, y)]
        for step in (0.7, 1.2, 2, 3, 4):
            for side in (-1, 1):
                level = y + side * step * height
                corners += [(beside, level), (x - width / 2, level + side * 4), (before, level)]
        boxes = [
            Box(start, level - height / 2, start + width, level + height / 2)
            for start, level in corners
            if start >= _LEFT and start + width <= WIDTH and _TOP - 10 <= level <= _BASE + 4
        ]
        best = min(boxes, key=lambda box: sum(box.overlap(other) for other in [*taken, *found]))
        found.append(best)
    return found
