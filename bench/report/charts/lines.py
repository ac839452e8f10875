"""Lines over a common horizontal axis: panels side by side that share both axes, a line a server in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom, left, spread
from bench.report.charts.scale import Scale, fitting
from bench.report.charts.svg import WIDTH, Series, element, fixed, group, mark, picture, shortened, text

_LEFT, _RIGHT, _LABELS = 50, 684, 708
_GUTTER = 44
_TOP, _BASE = 44, 324


@dataclass(frozen=True)
class Line:
    """One server.

    Attributes:
        points: of each panel, by ascending place on the horizontal axis; a panel may have none.
    """

    series: Series
    points: Sequence[Sequence[tuple[float, float]]]


def draw(
    name: str,
    title: str,
    description: str,
    axes: tuple[str, str],
    panels: Sequence[str],
    lines: Sequence[Line],
) -> str:
    """The chart. Panels may not all be empty.

    Args:
        axes: what is on the horizontal and on the vertical one.
        panels: their names, as many as each line has.
    """
    known = [point for line in lines for points in line.points for point in points]
    up = fitting([y for _, y in known], _BASE, _TOP)
    width = (_RIGHT - _LEFT - _GUTTER * (len(panels) - 1)) / len(panels)
    across = [
        fitting([x for x, _ in known], start, start + width)
        for start in (_LEFT + number * (width + _GUTTER) for number in range(len(panels)))
    ]
    content: list[str] = []
    for scale, panel in zip(across, panels, strict=True):
        start, end = scale.place(scale.low), scale.place(scale.high)
        content.append(text((start + end) / 2, _TOP - 14, panel, "middle", "strong"))
        content += bottom(scale, _TOP, _BASE, axes[0], titled_at=(start + end) / 2)
    content += left(up, _LEFT, _RIGHT, axes[1])
    ends = [up.place(next(points[-1][1] for points in reversed(line.points) if points)) for line in lines]
    for line, label_at in zip(lines, spread(ends, _TOP, _BASE), strict=True):
        content.append(group(line.series, _line(line, across, up, label_at)))
    return picture(name, title, description, _BASE + 42, content)


def _line(line: Line, across: Sequence[Scale], up: Scale, label_at: float) -> Iterable[str]:
    series = line.series
    for points, scale in zip(line.points, across, strict=True):
        places = [(scale.place(x), up.place(y)) for x, y in points]
        path = "L".join(f"{fixed(x)} {fixed(y)}" for x, y in places)
        if len(places) > 1:
            yield element(
                "path", d=f"M{path}", stroke=series.colour, stroke_dasharray=series.dash, class_="curve"
            )
        for x, y in places:
            yield mark(series, x, y, 4)
    yield mark(series, _LABELS - 7, label_at, 4)
    yield text(_LABELS + 2, label_at, shortened(series.label, WIDTH - _LABELS - 6))
