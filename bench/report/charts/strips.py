"""Time strips: a row a server, each of its trials a dot, by when it ran and how far from the usual it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.report.charts.axes import bottom
from bench.report.charts.scale import Linear
from bench.report.charts.svg import (
    WIDTH,
    Series,
    element,
    fixed,
    group,
    hatch,
    line,
    picture,
    shortened,
    text,
)

_ROW = 46
_TOP = 26
_LEFT, _RIGHT = 150, 740
_NARROWEST = 0.1


@dataclass(frozen=True)
class Strip:
    """One row.

    Attributes:
        trials: seconds since the run's start, and the value over the row's median.
        words: what the median is.
        valid: the row is hatched if not.
    """

    series: Series
    trials: Sequence[tuple[float, float]]
    words: str
    valid: bool = True


@dataclass(frozen=True)
class Span:
    """A round: from its first trial to the end of its last, in seconds since the run's start."""

    name: str
    start_s: float
    end_s: float


def band(values: Sequence[float]) -> float:
    """How far above and below 1 the rows reach: nearly all values are inside, others stand at the edge."""
    distances = sorted(abs(value - 1) for value in values)
    usual = distances[int(0.98 * (len(distances) - 1))] if distances else 0.0
    return min(1.0, max(_NARROWEST, 1.2 * usual))


def draw(name: str, title: str, description: str, rows: Sequence[Strip], spans: Sequence[Span]) -> str:
    """The chart, its rows in the order given; between spans nothing counted."""
    end_s = max([span.end_s for span in spans], default=1.0)
    time = Linear(0.0, end_s or 1.0, _LEFT, _RIGHT, 8)
    base = _TOP + _ROW * len(rows)
    content = [hatch(f"{name}-hatch")]
    content += bottom(time, _TOP, base, "Seconds since the run's start", titled_at=(_LEFT + _RIGHT) / 2)
    content += _spans(spans, time, base)
    reach = band([value for row in rows for _, value in row.trials])
    for number, row in enumerate(rows):
        top = _TOP + _ROW * number
        content.append(group(row.series, _row(name, row, time, reach, top)))
    content.append(text(_RIGHT + 8, _TOP + 8, f"+{reach:.0%}", kind="tiny"))
    content.append(text(_RIGHT + 8, _TOP + _ROW - 8, f"\N{MINUS SIGN}{reach:.0%}", kind="tiny"))
    return picture(name, title, description, base + 42, content)


def _spans(spans: Sequence[Span], time: Linear, base: float) -> Iterable[str]:
    last, before = -1e9, 0.0
    for span in spans:
        x = time.place(span.start_s)
        if x - time.place(before) > 1:
            yield element(
                "rect",
                x=time.place(before),
                y=_TOP,
                width=x - time.place(before),
                height=base - _TOP,
                class_="pause",
            )
        before = span.end_s
        yield line(x, _TOP - 6, x, base, "edge")
        if x - last > 60:
            yield text(x + 3, _TOP - 12, span.name, kind="faint")
            last = x


def _row(name: str, row: Strip, time: Linear, reach: float, top: float) -> Iterable[str]:
    middle = top + _ROW / 2
    if not row.valid:
        fill = f"url(#{name}-hatch)"
        yield element("rect", x=0, y=top + 1, width=WIDTH, height=_ROW - 2, fill=fill)
    yield text(_LEFT - 8, middle, shortened(row.series.label, _LEFT - 12), "end", "halo")
    yield line(_LEFT, top + _ROW, _RIGHT, top + _ROW)
    yield line(_LEFT, middle, _RIGHT, middle, "axis")
    height = Linear(1 - reach, 1 + reach, top + _ROW - 4, top + 4)
    dots = "".join(f"M{fixed(time.place(at))} {fixed(height.place(value))}h0" for at, value in row.trials)
    if dots:
        yield element("path", d=dots, stroke=row.series.colour, class_="dots")
    yield text(_RIGHT + 8, middle, row.words, kind="halo")
