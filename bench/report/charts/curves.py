"""Percentile curves: the share of requests on an axis of 1 / (1 - p), time on a logarithmic one.

The axis gives each further nine the same room (G. Tene's HdrHistogram plots).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import left, spread
from bench.report.charts.scale import Log
from bench.report.charts.svg import (
    WIDTH,
    Series,
    element,
    fixed,
    group,
    line,
    mark,
    picture,
    shortened,
    text,
)

_LEFT, _RIGHT, _LABELS = 50, 660, 690
_TOP, _BASE = 34, 374
_HEADED = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999, 0.999999)


@dataclass(frozen=True)
class Curve:
    """One server: shares of the requests, ascending, and the time that each did not exceed."""

    series: Series
    points: Sequence[tuple[float, float]]


def nines(share: float) -> float:
    """How many nines a share has: 1 for 0.9, 2 for 0.99."""
    return -math.log10(1 - share)


def percentile(share: float) -> str:
    """A share as a percentile's name, e.g. "p99.9"."""
    return f"p{share * 100:.6g}"


def draw(name: str, title: str, description: str, axis: str, curves: Sequence[Curve]) -> str:
    """The chart; every curve has points.

    Args:
        axis: what is measured, in which unit.
    """
    furthest = max(nines(curve.points[-1][0]) for curve in curves)
    times = [time for curve in curves for _, time in curve.points]
    low, high = min(times), max(times)
    scale = Log(low / 1.1, max(high, low * 1.2) * 1.1, _BASE, _TOP)

    def x(share: float) -> float:
        return _LEFT + nines(share) / furthest * (_RIGHT - _LEFT)

    content = list(left(scale, _LEFT, _RIGHT, axis))
    last = -math.inf
    for share in _HEADED:
        if nines(share) <= furthest + 1e-9:
            content.append(line(x(share), _TOP, x(share), _BASE))
            if x(share) - last > 40:
                content.append(text(x(share), _BASE + 13, percentile(share), "middle", "faint"))
                last = x(share)
    content.append(text((_LEFT + _RIGHT) / 2, _BASE + 31, "Percentile of the requests", "middle"))
    places = spread([scale.place(curve.points[-1][1]) for curve in curves], _TOP, _BASE)
    for curve, place in zip(curves, places, strict=True):
        content.append(group(curve.series, _curve(curve, place, x, scale)))
    return picture(name, title, description, _BASE + 42, content)


def _curve(curve: Curve, label_at: float, x: Callable[[float], float], scale: Log) -> Iterable[str]:
    series = curve.series
    path = "L".join(f"{fixed(x(share))} {fixed(scale.place(time))}" for share, time in curve.points)
    yield element("path", d=f"M{path}", stroke=series.colour, stroke_dasharray=series.dash, class_="curve")
    share, time = curve.points[-1]
    end_x, end_y = x(share), scale.place(time)
    yield mark(series, end_x, end_y, 4)
    yield element(
        "path",
        d=f"M{fixed(end_x + 7)} {fixed(end_y)}L{fixed(_LABELS - 14)} {fixed(label_at)}",
        stroke=series.colour,
        class_="leader",
    )
    yield mark(series, _LABELS - 7, label_at, 4)
    yield text(_LABELS + 2, label_at, shortened(series.label, WIDTH - _LABELS - 6))
