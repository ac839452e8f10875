"""Adding histograms of `records.encode` exactly, without making one of each.

`HdrHistogram.decode_and_add` makes a histogram of 139 kB for each that is added, and adds all of its places,
which takes as long again as all else. Here one is decoded into again and again, and added as far as it is
used, by the functions of HdrHistogram's that do both (hdrh/codec.py). docs/scale.md has the figures.
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Sequence
from ctypes import addressof, memset

from hdrh.codec import ext_header_size, payload_header_size
from hdrh.histogram import HdrHistogram
from pyhdrh import add_array, decode

from bench.load.records import DIGITS, HIGHEST_US, LOWEST_US
from bench.model.histograms import let_go


def added(encoded: Sequence[str]) -> str:
    """The sum of histograms, encoded as they are: each is one of `records.encode`, of this version of it."""
    if len(encoded) == 1:
        return encoded[0]
    whole, part = (HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS) for _ in range(2))
    sums, counts = addressof(whole.counts), addressof(part.counts)
    size, length = part.word_size, part.counts_len
    lowest, highest, total = length, 0, 0
    for text in encoded:
        payload = zlib.decompress(b64decode(text)[ext_header_size:])
        seen = decode(payload, payload_header_size, counts, length, size)
        if not seen["total"]:
            continue
        used = seen["max_nonzero_index"] + 1
        add_array(sums, counts, used, size)
        memset(counts, 0, used * size)
        lowest, highest = min(lowest, seen["min_nonzero_index"]), max(highest, used - 1)
        total += seen["total"]
    if total:
        whole.set_internal_tacking_values(lowest, highest, total)
    merged: bytes = whole.encode()
    for histogram in (whole, part):
        let_go(histogram)
    return merged.decode("ascii")
