"""How many digits a figure has, and how a rate is said: alike in messages, on the screen and in reports."""

from __future__ import annotations

import math


def significant(value: float) -> str:
    """Three significant digits, and all those before the point: "1,234,567", "94.6", "0.667", "0.0123"."""
    return f"{value:,.{_decimals(value)}f}" if value else "0"


def a_second(rate: float) -> str:
    """A rate in words: "1,200 a second", "0.400 a second"."""
    return f"{significant(rate)} a second"


def as_said(rate: float) -> float:
    """The rate that `a_second` says, so that what is offered is what a report names."""
    return round(rate, _decimals(rate)) if rate else rate


def plus_minus(share: float) -> str:
    """Half of an interval: "±1.83 %"; beyond its own value it tells nothing."""
    return f"±{significant(share * 100)} %" if share < 1 else "over ±100 %"


def _decimals(value: float) -> int:
    """Of three significant digits, those behind the point."""
    # Rounded first: 9.996 is 10.0, not 10.00.
    return max(0, 2 - math.floor(math.log10(float(f"{abs(value):.2e}"))))
