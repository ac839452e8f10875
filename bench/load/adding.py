"""Adding histograms of `records.encode` exactly, without making one of each.

`HdrHistogram.decode_and_add` makes a histogram of 139 kB for each that is added, and adds all of its places,
which takes as long again as all else. Here one is decoded into again and again, and added as far as it is
used, by the functions of HdrHistogram's that do both (hdrh/codec.py). docs/scale.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import addressof, memset

from hdrh.histogram import HdrHistogram
from pyhdrh import add_array

from bench.model.histograms import COUNT_BYTES, DIGITS, HIGHEST_US, LOWEST_US, PLACES, let_go, read_into


def added(encoded: Sequence[str]) -> str:
    """The sum of histograms, encoded as they are: each is one of `records.encode`, of this version of it."""
    if len(encoded) == 1:
        return encoded[0]
    whole, part = (HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS) for _ in range(2))
    sums, counts = addressof(whole.counts), addressof(part.counts)
    lowest, highest, total = PLACES, 0, 0
    for text in encoded:
        used, number = read_into(counts, text)
        if not number:
            continue
        add_array(sums, counts, used.stop, COUNT_BYTES)
        memset(counts, 0, used.stop * COUNT_BYTES)
        lowest, highest = min(lowest, used.start), max(highest, used.stop - 1)
        total += number
    if total:
        whole.set_internal_tacking_values(lowest, highest, total)
    merged: bytes = whole.encode()
    for histogram in (whole, part):
        let_go(histogram)
    return merged.decode("ascii")
