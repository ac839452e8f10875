"""HdrHistograms of microseconds, 1 us to 60 s at 3 digits, of 139 kB each: read into counts of one's own,
or let go of at once.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode

from hdrh.histogram import HdrHistogram
from pyhdrh import decode

LOWEST_US, HIGHEST_US, DIGITS = 1, 60_000_000, 3
PLACES = 17_408
"""How many counts such a histogram has."""
COUNT_BYTES = 8

OUTER, HEADER = struct.Struct(">II"), struct.Struct(">IIIIQQd")
"""Cookie and length of what is compressed; cookie, length of the counts and `RANGE` of what that is made of
(https://github.com/HdrHistogram/HdrHistogram, EncodableHistogram)."""
COMPRESSED, PLAIN = 0x1C849314, 0x1C849313
RANGE = (0, DIGITS, LOWEST_US, HIGHEST_US, 1.0)
"""Normalising offset, digits, bounds, and the ratio of stored values to times."""
NOT_OUR_RANGE = "its range is not 1 us to 60 s at 3 digits"


def read_into(address: int, encoded: str) -> tuple[slice, int]:
    """Decode a histogram (V2, base64) into so many counts of eight bytes, which are all zero.

    `HdrHistogram.decode` does the same by the same function, and makes three objects and 139 kB for each.

    Args:
        address: of the first count, in memory.

    Returns:
        The places that hold any, and the sum of all.

    Raises:
        ValueError, zlib.error, struct.error, IndexError: it isn't one, or of another range.
    """
    whole = b64decode(encoded)
    payload = zlib.decompress(whole[OUTER.size :])
    cookie, length, *of_counts = HEADER.unpack_from(payload)
    outer = (COMPRESSED, len(whole) - OUTER.size)
    if OUTER.unpack_from(whole) != outer or (cookie, length) != (PLAIN, len(payload) - HEADER.size):
        raise ValueError("its header is not that of HdrHistogram's V2")
    if tuple(of_counts) != RANGE:
        raise ValueError(NOT_OUR_RANGE)
    seen = decode(payload, HEADER.size, address, PLACES, COUNT_BYTES)
    if not seen["total"]:
        return slice(0, 0), 0
    return slice(seen["min_nonzero_index"], seen["max_nonzero_index"] + 1), seen["total"]


def let_go(histogram: HdrHistogram) -> None:
    """Have a histogram end with its last use; from now on it can neither be encoded nor be added to another.

    It and its encoder refer to each other. Until the garbage collector comes, which counts objects and not
    bytes, its 139 kB would stay.
    """
    histogram.encoder = None
