"""The links that Shortly's seed command stores: link n has the id base36(n)."""

from __future__ import annotations

SEEDED = 1000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_id(number: int) -> str:
    """Base 36, as Shortly writes its ids."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"


def target(number: int) -> bytes:
    """The URL that the seeded link leads to."""
    return b"http://example.com/link/%d" % number
