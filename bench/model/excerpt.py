"""What of a text that anybody may have written stands in a message."""

from __future__ import annotations

_SHOWN = 160


def cut(text: str, most: int = _SHOWN) -> str:
    """Its beginning, as one can read it."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return plain if len(plain) <= most else f"{plain[:most]}..."
