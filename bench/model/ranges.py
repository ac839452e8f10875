"""What a stored number may be: a file may have been made, or edited, by anybody.

Within these ranges no sum, product or logarithm of a report leaves what a float holds.
"""

from __future__ import annotations

from collections.abc import Mapping

Range = tuple[float, float]
"""The least and the greatest that is read."""

MOST = 2.0**53
"""Up to here a float tells every count from the next."""

MOST_TRIALS = 100_000_000
"""Of a plan that is read."""

MOST_VALUES = 8_000_000
"""Of a result that is read: each takes up to seventy bytes of memory, however short it is written."""

MOST_LOG_BYTES = 512 << 20
"""Of a journal, or of the histograms of a result that is read."""

ANY: Range = (-MOST, MOST)
_COUNTS: Range = (0, MOST)
_POSITIVE: Range = (1e-12, MOST)
_SECONDS: Range = (0, 1e9)
_LOGARITHM: Range = (-100, 100)
_RATIO: Range = (0, 1e12)

_NAMED: Mapping[str, Range] = {
    "seed": (-(2.0**63), 2.0**63),
    "host": ANY,
    "rounds": (1, 100_000),
    "round": (0, 100_000),
    "counted_from": (1, 100_000),
    "blocks": (0, 100_000),
    "open_blocks": (0, 100_000),
    "block": (0, 200_000),
    "order": (0, 1_000_000),
    "users": (1, 1_000_000),
    "rate": (1e-6, 1e9),
    "share": (1e-6, 1e6),
    "processes": (1, 10_000),
    "cpus": (0, 1_000_000),
    "server": (0, 1_000_000),
    "generator": (0, 1_000_000),
    "store": (0, 1_000_000),
    "workers": (0, 1_000_000),
    "threads": (0, 1_000_000),
    "timeout_s": (1e-6, 1e9),
    "minutes": (1e-6, 1e8),
    "until": (1e-6, 1e6),
    "most_rounds": (1, 100_000),
    "closed": (1e-6, 1e9),
    "open": (1e-6, 1e9),
    "keep_alive_rps": _POSITIVE,
    "close_rps": _POSITIVE,
    "latency_floor_s": (0, 1e9),
    "status": (0, 999),
    "covered": (0, 1),
    # Between the logarithms of figures.
    "mean": _LOGARITHM,
    "of_blocks": _LOGARITHM,
    "widened": (1, 1e6),
    "freedom_of_blocks": (0, 1e9),
    "standard_error": (0, 100),
    "ratio": _RATIO,
    "low": _RATIO,
    "high": _RATIO,
    "smallest": _RATIO,
    "margin": _RATIO,
}


def range_of(name: str) -> Range:
    """What a field of that name may hold, and the items of a list or object of that name."""
    return _NAMED.get(name) or (_SECONDS if name.endswith("_s") else _COUNTS)
