"""The few elements of SVG that the charts are made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import accumulate, takewhile

WIDTH = 860
SIZE = 12
"""Of text, in the chart's units."""

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#767676")
_MARKERS = ("circle", "square", "triangle", "diamond", "down", "cross")
_DASHES = ("", "7 3", "2 3", "9 3 2 3")


@dataclass(frozen=True)
class Series:
    """How one server looks in every chart.

    Attributes:
        name: what a filter selects by; a twin has that of its server.
        label: as it is written.
        hollow: for a twin, whose marker is not filled.
    """

    name: str
    label: str
    colour: str
    marker: str
    dash: str
    hollow: bool = False


def series(name: str, number: int, label: str = "", *, hollow: bool = False) -> Series:
    """The look of the server at this place in the plan: no two of the first sixty are alike."""
    return Series(
        name,
        label or name,
        _COLOURS[number % len(_COLOURS)],
        _MARKERS[number % len(_MARKERS)],
        _DASHES[number % len(_DASHES)],
        hollow,
    )


def fixed(value: float) -> str:
    """A coordinate: one decimal, and none where it is whole."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def element(name: str, content: str = "", **attributes: object) -> str:
    """An element around markup; an attribute's `_` is `-`, one that is None or empty is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "", **attributes: object) -> str:
    """Words on a line; `y` is their middle. Kinds: "faint", "strong"."""
    anchor = "" if anchor == "start" else anchor
    return element("text", escape(words), x=x, y=y + 4, text_anchor=anchor, class_=kind, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> str:
    """A straight line. Kinds: "grid", "axis", "edge"."""
    return element("path", d=f"M{fixed(x1)} {fixed(y1)}L{fixed(x2)} {fixed(y2)}", class_=kind)


def group(series: Series, content: Iterable[str]) -> str:
    """What belongs to one server: a filter hides it, and a pointer over it is told its name."""
    return element("g", element("title", escape(series.label)) + "".join(content), data_server=series.name)


def mark(series: Series, x: float, y: float, radius: float = 5, *, hollow: bool = False) -> str:
    """A series' marker."""
    left, right, top, bottom = fixed(x - radius), fixed(x + radius), fixed(y - radius), fixed(y + radius)
    middle, level = fixed(x), fixed(y)
    outline = {
        "square": f"M{left} {top}H{right}V{bottom}H{left}Z",
        "triangle": f"M{middle} {top}L{right} {bottom}H{left}Z",
        "down": f"M{middle} {bottom}L{right} {top}H{left}Z",
        "diamond": f"M{middle} {fixed(y - 1.3 * radius)}L{fixed(x + 1.3 * radius)} {level}"
        f"L{middle} {fixed(y + 1.3 * radius)}L{fixed(x - 1.3 * radius)} {level}Z",
        "cross": f"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}",
    }.get(series.marker)
    fill = "none" if series.hollow or hollow or series.marker == "cross" else series.colour
    if outline is None:
        return element("circle", cx=x, cy=y, r=radius, fill=fill, stroke=series.colour, stroke_width=2)
    return element("path", d=outline, fill=fill, stroke=series.colour, stroke_width=2)


def hatch(name: str) -> str:
    """The pattern that stands behind what is not valid."""
    stripe = element("path", d="M0 8L8 0M-2 2L2 -2M6 10L10 6", class_="stripe")
    return element(
        "defs", element("pattern", stripe, id=name, width=8, height=8, patternUnits="userSpaceOnUse")
    )


def picture(name: str, title: str, description: str, height: float, content: Iterable[str]) -> str:
    """A whole chart, `WIDTH` wide.

    Args:
        name: unique on the page; the ids within begin with it.
    """
    heading = element("title", escape(title), id=f"{name}-title")
    heading += element("desc", escape(description), id=f"{name}-desc")
    return element(
        "svg",
        heading + "\n" + "\n".join(content) + "\n",
        viewBox=f"0 0 {WIDTH} {fixed(height)}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def shortened(words: str, width: float) -> str:
    """As much of a name as fits."""
    if text_width(words) <= width:
        return words
    ends = accumulate(map(text_width, words))
    fitting = sum(1 for _ in takewhile(lambda end: end <= width - SIZE, ends))
    return f"{words[:fitting]}\N{HORIZONTAL ELLIPSIS}"


def text_width(words: str) -> float:
    """About how wide words are, on the safe side: fonts differ."""
    return sum(SIZE if unicodedata.east_asian_width(c) in "WF" else 0.62 * SIZE for c in words)


def _value(value: object) -> str:
    return fixed(value) if isinstance(value, int | float) else str(value)
