"""Response times: HdrHistograms decoded, merged exactly, and read with a rule for too few samples.

Percentiles of several trials come from the merged histogram; percentiles are never averaged
(G. Tene, "How NOT to Measure Latency", 2013).
"""

from __future__ import annotations

import binascii
import math
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from hdrh.codec import HdrCookieException, HdrHistogramSettingsException, HdrLengthException
from hdrh.histogram import HdrHistogram

from bench.model.errors import ResultError
from bench.model.histograms import let_go

MIN_SAMPLES_BEYOND = 100
"""A percentile is published only with this many samples beyond it."""

Counts = np.typing.NDArray[np.int64]

_MICROSECONDS = 1e6
_UNREADABLE = (
    HdrCookieException,
    HdrHistogramSettingsException,
    HdrLengthException,
    IndexError,
    OverflowError,
    TypeError,
    ValueError,
    binascii.Error,
    zlib.error,
)


class Histogram:
    """The sum of some trials' histograms. Times in seconds."""

    def __init__(self, merged: HdrHistogram, counts: Counts | None = None) -> None:
        self._merged = merged
        self._counts = np.ctypeslib.as_array(merged.counts).astype(np.int64) if counts is None else counts

    @classmethod
    def merge(cls, encoded: Iterable[str]) -> Self | None:
        """Add histograms (HdrHistogram V2, base64, microseconds); None if there are none, or all are empty.

        Raises:
            ResultError: one of them can't be decoded.
        """
        merged: HdrHistogram | None = None
        try:
            for text in encoded:
                histogram = HdrHistogram.decode(text)
                if merged is None:
                    merged = histogram
                else:
                    merged.add(histogram)
                    let_go(histogram)
        except _UNREADABLE as error:
            raise ResultError(
                f"A stored histogram can't be decoded ({error}): latency.hlog was damaged. Restore it from a "
                f"copy of the run."
            ) from error
        if merged is None or not merged.get_total_count():
            return None
        let_go(merged)
        return cls(merged)

    @classmethod
    def sum(cls, parts: Sequence[Self]) -> Self | None:
        """Several of them added up; None without any."""
        if not parts:
            return None
        return cls(parts[0]._merged, np.sum([part._counts for part in parts], axis=0))

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
        longest = [
            self._merged.get_highest_equivalent_value(self._merged.get_value_from_index(int(place)))
            for place in places
        ]
        return np.array(longest, dtype=np.float64) / _MICROSECONDS, self._counts[places]

    def without(self, part: Self) -> Self:
        """What is left when one of the histograms that were added is taken away again."""
        return type(self)(self._merged, self._counts - part._counts)

    def percentile_s(self, share: float) -> float | None:
        """The time that `share` of the requests did not exceed; None with too few samples beyond it."""
        if round(self.count * (1 - share), 6) < MIN_SAMPLES_BEYOND:
            return None
        return self.quantile_s(share)

    def quantile_s(self, share: float) -> float:
        """The same with however few samples: for checks, not for publication."""
        wanted = max(1, math.ceil(round(self.count * share, 6)))
        index = int(np.searchsorted(self._cumulated, wanted))
        value = self._merged.get_highest_equivalent_value(self._merged.get_value_from_index(index))
        return float(value) / _MICROSECONDS

    def beyond(self, time_s: float) -> int:
        """How many took longer."""
        places = np.flatnonzero(self._counts)
        first = bisect_right(
            places, time_s * _MICROSECONDS, key=lambda place: self._merged.get_value_from_index(int(place))
        )
        return int(self._counts[places[first:]].sum())

    def time_quantile_s(self, share: float) -> float:
        """The time that is exceeded only by answers which hold less than 1 - `share` of the time of all."""
        places = np.flatnonzero(self._counts)
        values = np.array(
            [self._merged.get_value_from_index(int(place)) for place in places], dtype=np.float64
        )
        held = np.cumsum(values * self._counts[places])
        return float(values[np.searchsorted(held, share * held[-1])]) / _MICROSECONDS

    @cached_property
    def _cumulated(self) -> Counts:
        cumulated: Counts = np.cumsum(self._counts)
        return cumulated
