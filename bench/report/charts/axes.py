"""Grid lines, their figures, and labels that keep out of each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bench.report.charts.scale import Scale
from bench.report.charts.svg import SIZE, line, text


def figure(value: float) -> str:
    """A tick's value: all its digits, and no more."""
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def bottom(scale: Scale, top: float, base: float, title: str, *, titled_at: float) -> Iterable[str]:
    """A horizontal axis: grid lines from `top` to `base`, figures below, and what they are."""
    for tick in scale.ticks():
        x = scale.place(tick)
        yield line(x, top, x, base)
        yield text(x, base + 13, figure(tick), "middle", "faint")
    if title:
        yield text(titled_at, base + 31, title, "middle")


def left(scale: Scale, start: float, end: float, title: str) -> Iterable[str]:
    """A vertical axis: grid lines from `start` to `end`, figures before them, and what they are above."""
    for tick in scale.ticks():
        y = scale.place(tick)
        yield line(start, y, end, y)
        yield text(start - 7, y, figure(tick), "end", "faint")
    yield text(start - 40, min(scale.place(scale.high), scale.place(scale.low)) - 14, title)


def spread(wanted: Sequence[float], low: float, high: float, distance: float = SIZE + 3) -> Sequence[float]:
    """Places as near to the wanted ones as it gets with this distance between them, in the same order.

    Neighbours that are too close are moved apart around their common middle.
    """
    order = sorted(range(len(wanted)), key=lambda number: (wanted[number], number))
    runs: list[list[int]] = [[number] for number in order]

    def top(run: Sequence[int]) -> float:
        middle = sum(wanted[number] for number in run) / len(run)
        span = (len(run) - 1) * distance
        return max(low, min(high - span, middle - span / 2))

    while True:
        close = next(
            (n for n, (a, b) in enumerate(pairwise(runs)) if top(b) - top(a) < len(a) * distance - 1e-6), None
        )
        if close is None:
            break
        runs[close : close + 2] = [runs[close] + runs[close + 1]]
    places = {number: top(run) + place * distance for run in runs for place, number in enumerate(run)}
    return [places[number] for number in range(len(wanted))]
