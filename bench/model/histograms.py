"""HdrHistograms that end with their last use, and not when the garbage collector comes."""

from __future__ import annotations

from hdrh.histogram import HdrHistogram


def let_go(histogram: HdrHistogram) -> None:
    """Have a histogram end with its last use; from now on it can neither be encoded nor be added to another.

    It and its encoder refer to each other. Until the garbage collector comes, which counts objects and not
    bytes, its 139 kB would stay.
    """
    histogram.encoder = None
