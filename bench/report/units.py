"""Figures as a reader sees them. What was not measured is 'n/a', never 0."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bench.analysis.figure import Unit
from bench.model import Estimate
from bench.model.counted import count as count
from bench.model.digits import significant

NOT_MEASURED = "n/a"
TOO_FEW = "too few"
DASH = "\N{EN DASH}"
PLAIN = Unit("")
UNKNOWN_FROM = 100
_BEYOND_MEASURE = 1_000_000

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def number(value: float | None) -> str:
    """Three significant digits, and all those before the point."""
    return NOT_MEASURED if value is None else significant(value)


def shown(value: float | None, unit: Unit) -> str:
    """A value in SI units, in the unit of a figure, without that."""
    return number(None if value is None else unit.of(value))


def milliseconds(seconds: float | None) -> str:
    """Without the unit."""
    return number(None if seconds is None else seconds * 1e3)


def megabytes(size_bytes: int | None) -> str:
    """Millions of bytes, without the unit."""
    return number(None if size_bytes is None else size_bytes / 1e6)


def whole(share: float) -> str:
    """A share in whole percent."""
    return f"{share * 100:.0f} %"


def percent(share: float | None) -> str:
    """A share with its sign; the smallest that is told from none is 0.01 %."""
    if share is None:
        return NOT_MEASURED
    if 0 < share < 0.0001:
        return "< 0.01 %"
    return f"{share:.2%}".replace("%", " %") if share else "0 %"


def difference(share: float) -> str:
    """By how much two values differ, as a share of the smaller: in percent, from double on as a factor."""
    if share >= _BEYOND_MEASURE:
        return f"over {_BEYOND_MEASURE:,} times"
    return percent(share) if share < 1 else f"{number(1 + share)} times"


def value_of(estimate: Estimate | None, unit: Unit = PLAIN) -> str:
    """An estimate without its interval."""
    return shown(None if estimate is None else estimate.value, unit)


def interval(estimate: Estimate | None, unit: Unit = PLAIN) -> str:
    """The 95 % interval of an estimate."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return NOT_MEASURED
    return f"{shown(estimate.low, unit)}{DASH}{shown(estimate.high, unit)}"


def ratio(value: float) -> str:
    """Enough digits to tell 1 % from nothing."""
    return f"{value:.3f}" if 0.1 <= value < 10 else number(value)


def ratio_interval(low: float, high: float, between: str = " to ") -> str:
    """The bounds of a ratio; where they are a factor of 100 apart, their digits would feign knowledge.

    Args:
        between: what joins them; a dash where a table has little room.
    """
    return f"{ratio(low)}{between}{ratio(high)}" if high < UNKNOWN_FROM * low else "not determined"


def yes(value: bool) -> str:
    """yes or no"""
    return "yes" if value else "no"


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c" """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plain(text: str) -> str:
    """Text from outside without what could act on a terminal, reorder a line, or not be written as UTF-8."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI_CONTROLS)
        else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
