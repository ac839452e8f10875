"""History: one figure over many runs, a step a run, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.report.charts.axes import left
from bench.report.charts.scale import Linear, Scale, fitting
from bench.report.charts.svg import Series, element, fixed, group, line, mark, picture, text

_TOP, _BASE = 44, 150
_LEFT, _RIGHT = 70, 740
_DATE = 74
_CHANGE = 46
_AROUND = 0.05


@dataclass(frozen=True)
class Moment:
    """One run.

    Attributes:
        date: stands below it where there is room.
        value, low, high: None where there is no figure, or no interval.
        valid: its marker is hollow if not, and has no interval.
        change: what stands above the line that marks a change since the run before; empty if there is none.
    """

    date: str
    value: float | None
    low: float | None
    high: float | None
    valid: bool = True
    change: str = ""


def draw(
    name: str, title: str, description: str, axis: str, series: Series, moments: Sequence[Moment], words: str
) -> str:
    """The chart of one series.

    Args:
        axis: what is measured, in which unit.
        words: the newest run's figure, as it is written beside the chart.
    """
    scale = _scale(moments)
    places = Linear(0, max(1, len(moments) - 1), _LEFT + 16, _RIGHT - 16)
    across = [places.place(number) for number in range(len(moments))]
    content = [*left(scale, _LEFT, _RIGHT, axis), *_dates(moments, across), *_changes(moments, across)]
    content.append(group(series, _marks(series, moments, across, scale)))
    content.append(text(_RIGHT + 8, (_TOP + _BASE) / 2, words, kind="halo"))
    return picture(name, title, description, _BASE + 28, content)


def _scale(moments: Sequence[Moment]) -> Scale:
    """With a twentieth above and below what is drawn, so that noise alone doesn't fill the height.

    An interval reaches to half of the smallest value and twice the largest at most: one run that is unsure
    would make a flat line of all others. A longer one ends at the edge.
    """
    values = [moment.value for moment in moments if moment.value is not None]
    bounds = [v for moment in moments if moment.valid for v in (moment.low, moment.high) if v is not None]
    low, high = min(values, default=0.0), max(values, default=0.0)
    shown = values + [min(max(bound, low / 2), 2 * high) for bound in bounds]
    return fitting([v * factor for v in shown for factor in (1 - _AROUND, 1 + _AROUND)], _BASE, _TOP)


def _dates(moments: Sequence[Moment], across: Sequence[float]) -> Iterable[str]:
    """The newest is always there."""
    free = across[-1] + _DATE
    for moment, x in zip(reversed(moments), reversed(across), strict=True):
        if x <= free - _DATE:
            yield line(x, _BASE, x, _BASE + 5, "axis")
            yield text(x, _BASE + 15, moment.date, "middle", "faint")
            free = x


def _changes(moments: Sequence[Moment], across: Sequence[float]) -> Iterable[str]:
    """A line between the two runs, with its words where there is room."""
    last = -1e9
    for (_, moment), (before, x) in zip(pairwise(moments), pairwise(across), strict=True):
        if moment.change:
            middle = (before + x) / 2
            yield line(middle, _TOP - 10, middle, _BASE, "edge")
            if middle - last >= _CHANGE:
                yield text(middle, _TOP - 18, moment.change, "middle", "strong")
                last = middle


def _marks(series: Series, moments: Sequence[Moment], across: Sequence[float], scale: Scale) -> Iterable[str]:
    placed = list(zip(moments, across, strict=True))
    drawn = [(m, x, scale.place(m.value)) for m, x in placed if m.value is not None]
    joined = "L".join(f"{fixed(x)} {fixed(y)}" for m, x, y in drawn if m.valid)
    if "L" in joined:
        yield element("path", d=f"M{joined}", stroke=series.colour, fill="none", class_="link")
    bars = "".join(
        f"M{fixed(x)} {fixed(scale.place(m.low))}V{fixed(scale.place(m.high))}"
        for m, x, _ in drawn
        if m.valid and m.low is not None and m.high is not None
    )
    if bars:
        yield element("path", d=bars, class_="interval")
    for m, x, y in drawn:
        yield mark(series, x, y, 4, hollow=not m.valid)
    for m, x in placed:
        if m.value is None:
            yield text(x, _BASE - 7, "\N{MULTIPLICATION SIGN}", "middle", "faint")
