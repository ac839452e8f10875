"""From values to places: linear and logarithmic axes, and where their ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOG_RANGE = 10
"""From this ratio of the largest to the smallest value on, an axis is logarithmic."""


class Scale(Protocol):
    """An axis: `low` stands at `start`, `high` at `end`."""

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...

    def place(self, value: float) -> float:
        """Where a value stands; one beyond the axis stands at its edge."""

    def ticks(self) -> Sequence[float]:
        """Round values within the axis, ascending."""


@dataclass(frozen=True)
class Linear:
    """Equal distances are equal differences."""

    low: float
    high: float
    start: float
    end: float
    wanted: int = 6

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self) -> Sequence[float]:
        return linear_ticks(self.low, self.high, self.wanted)


@dataclass(frozen=True)
class Log:
    """Equal distances are equal ratios. `low` is above 0."""

    low: float
    high: float
    start: float
    end: float
    wanted: int = 8

    def place(self, value: float) -> float:
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return self.start + min(1.0, share) * (self.end - self.start)

    def ticks(self) -> Sequence[float]:
        return log_ticks(self.low, self.high, self.wanted)


def linear_ticks(low: float, high: float, wanted: int = 6) -> Sequence[float]:
    """Multiples of 1, 2 or 5 times a power of ten from `low` to `high`, at most `wanted`."""
    step = _step(high - low, wanted)
    first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
    return [_clean(number * step) for number in range(first, last + 1)]


def log_ticks(low: float, high: float, wanted: int = 8) -> Sequence[float]:
    """Powers of ten, with round multiples of each where there is room; even steps where that leaves one."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [
            _clean(factor * 10.0**exponent)
            for exponent in exponents
            for factor in factors
            if low * (1 - 1e-9) <= factor * 10.0**exponent <= high * (1 + 1e-9)
        ]
        if len(ticks) <= wanted:
            break
    if len(ticks) > wanted:
        ticks = ticks[:: math.ceil(len(ticks) / wanted)]
    return ticks if len(ticks) > 1 else linear_ticks(low, high, wanted)


def fitting(values: Iterable[float], start: float, end: float, *, from_zero: bool = False) -> Scale:
    """An axis for these values: logarithmic where they span a factor of ten, with a little room around.

    A linear one starts at 0 if asked to, or unless all values are close together. Not for values below 0.
    """
    known = list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low > 0 and high / low > LOG_RANGE:
        room = (high / low) ** 0.03
        return Log(low / room, high * room, start, end)
    if low > high / 2 and high > low and not from_zero:
        room = (high - low) * 0.06
        return Linear(low - room, high + room, start, end)
    return Linear(0.0, (high or 1.0) * 1.05, start, end)


def _step(span: float, wanted: int) -> float:
    rough = span / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10, 20) if span / (factor * power) <= wanted)


def _clean(value: float) -> float:
    """Without what binary fractions leave behind."""
    return float(f"{value:.12g}")
