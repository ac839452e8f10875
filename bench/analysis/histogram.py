"""Response times: HdrHistograms decoded, merged exactly, and read with a rule for too few samples.

Percentiles of several trials come from the merged histogram; percentiles are never averaged
(G. Tene, "How NOT to Measure Latency", 2013).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Self

import numpy as np

from bench.model.errors import ResultError
from bench.model.histograms import PLACES, read_into

MIN_SAMPLES_BEYOND = 100
"""A percentile is published only with this many samples beyond it."""

Counts = np.typing.NDArray[np.int64]

_MICROSECONDS = 1e6
_EACH_BUCKET = 1024
_PLACE = np.arange(PLACES)
_DOUBLINGS = np.maximum(_PLACE // _EACH_BUCKET - 1, 0)
_SHORTEST_US = _PLACE - _DOUBLINGS * _EACH_BUCKET << _DOUBLINGS
_LONGEST_US = _SHORTEST_US + (1 << _DOUBLINGS) - 1
"""The times that each place counts (https://hdrhistogram.org): the first 2,048 places have a microsecond
each, and every 1,024 after them twice as many as those before."""
_UNREADABLE = (IndexError, OverflowError, TypeError, ValueError, struct.error, zlib.error)


class Histogram:
    """The sum of some trials' histograms. Times in seconds.

    Args:
        counts: how many times were recorded, at each place.
    """

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    @classmethod
    def merge(cls, encoded: Iterable[str]) -> Self | None:
        """Add histograms (HdrHistogram V2, base64, microseconds); None if there are none, or all are empty.

        Raises:
            ResultError: one of them can't be decoded.
        """
        counts, part = (np.zeros(PLACES, dtype=np.int64) for _ in range(2))
        try:
            for text in encoded:
                used, _ = read_into(part.ctypes.data, text)
                counts[used] += part[used]
                part[used] = 0
        except _UNREADABLE as error:
            raise ResultError(
                f"A stored histogram can't be decoded ({error}): latency.hlog was damaged. Restore it from a "
                f"copy of the run."
            ) from error
        return cls(counts) if counts.any() else None

    @classmethod
    def sum(cls, parts: Sequence[Self]) -> Self | None:
        """Several of them added up; None without any."""
        if not parts:
            return None
        return cls(np.sum([part._counts for part in parts], axis=0))

    @property
    def count(self) -> int:
        """How many times were recorded."""
        return int(self._counts.sum())

    @property
    def max_s(self) -> float:
        """The longest."""
        return self.quantile_s(1.0)

    def recorded(self) -> tuple[np.typing.NDArray[np.float64], Counts]:
        """The times that were recorded, each as the longest of its place, ascending; and how many of each."""
        places = np.flatnonzero(self._counts)
        return _LONGEST_US[places] / _MICROSECONDS, self._counts[places]

    def without(self, part: Self) -> Self:
        """What is left when one of the histograms that were added is taken away again."""
        return type(self)(self._counts - part._counts)

    def percentile_s(self, share: float) -> float | None:
        """The time that `share` of the requests did not exceed; None with too few samples beyond it."""
        if round(self.count * (1 - share), 6) < MIN_SAMPLES_BEYOND:
            return None
        return self.quantile_s(share)

    def quantile_s(self, share: float) -> float:
        """The same with however few samples: for checks, not for publication."""
        wanted = max(1, math.ceil(round(self.count * share, 6)))
        place = int(np.searchsorted(self._cumulated, wanted))
        return float(_LONGEST_US[place]) / _MICROSECONDS

    def interpolated_s(self, share: float) -> float:
        """The same, as if the times that one place counts were spread evenly over it: for differences of
        histograms that differ by less than a place. Of a share above 0.
        """
        wanted = self.count * share
        place = int(np.searchsorted(self._cumulated, wanted))
        counted = int(self._counts[place])
        within = (wanted - int(self._cumulated[place]) + counted) / counted
        shortest, longest = float(_SHORTEST_US[place]), float(_LONGEST_US[place])
        return (shortest + within * (longest + 1 - shortest)) / _MICROSECONDS

    def beyond(self, time_s: float) -> int:
        """How many took longer."""
        first = int(np.searchsorted(_SHORTEST_US, time_s * _MICROSECONDS, side="right"))
        return int(self._counts[first:].sum())

    def time_quantile_s(self, share: float) -> float:
        """The time that is exceeded only by answers which hold less than 1 - `share` of the time of all."""
        places = np.flatnonzero(self._counts)
        values = _SHORTEST_US[places].astype(np.float64)
        held = np.cumsum(values * self._counts[places])
        return float(values[np.searchsorted(held, share * held[-1])]) / _MICROSECONDS

    @cached_property
    def _cumulated(self) -> Counts:
        cumulated: Counts = np.cumsum(self._counts)
        return cumulated
