"""What of a text that anybody may have written stands in a message."""

from __future__ import annotations

from codecs import getincrementaldecoder

_SHOWN = 160


def cut(text: str, most: int = _SHOWN) -> str:
    """Its beginning, as one can read it."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return plain if len(plain) <= most else f"{plain[:most]}..."


def decoded(data: bytes) -> str:
    """Bytes of an answer as text: UTF-8, of which the last character may be cut, or else Latin-1."""
    try:
        return getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")
