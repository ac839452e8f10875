"""Checks of encoded histograms that anybody may have written: a short one may ask for much memory.

HdrHistogram V2: base64 of a cookie, a length, and a zlib stream; in that a header and LEB128 counts
(https://github.com/HdrHistogram/HdrHistogram, EncodableHistogram). Its decoder makes as much memory as the
header and the stream ask for.
"""

from __future__ import annotations

import binascii
import re
import struct
import zlib

from bench.model.histograms import COMPRESSED, HEADER, NOT_OUR_RANGE, OUTER, PLAIN, RANGE

MOST_CHARACTERS = 200_000
"""Of one, encoded. All of 25,000 counts of its range, and each another one, take less."""

_MOST_BYTES = 200_000
# A number of six bytes is beyond 2^34: neither is so much counted, nor is so much left out.
_TOO_LARGE = re.compile(rb"[\x80-\xff]{5}")


def fault(encoded: str) -> str:
    """Why a histogram isn't one that the harness writes; empty if it is."""
    if len(encoded) > MOST_CHARACTERS:
        return "it is too large"
    try:
        whole = binascii.a2b_base64(encoded, strict_mode=True)
        cookie, length = OUTER.unpack_from(whole)
        inflating = zlib.decompressobj()
        content = inflating.decompress(whole[OUTER.size :], _MOST_BYTES)
        header = HEADER.unpack_from(content)
    except (ValueError, struct.error, zlib.error):
        return "it can't be decoded"
    if not inflating.eof or inflating.unused_data:
        return "it is cut off, or larger than it can be"
    if (cookie, length) != (COMPRESSED, len(whole) - OUTER.size):
        return "it can't be decoded"
    if header[0] != PLAIN or header[1] != len(content) - HEADER.size:
        return "it can't be decoded"
    if header[2:] != RANGE:
        return NOT_OUR_RANGE
    if _TOO_LARGE.search(content, HEADER.size):
        return "it counts more than can be"
    return ""
