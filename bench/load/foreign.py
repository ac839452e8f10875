"""Bytes of an answer as text in a message, and their protocol's name where it isn't HTTP/1.1."""

from __future__ import annotations

import re

from bench.model.excerpt import decoded

_SHOWN = 80
_TLS_ALERT, _TLS_HANDSHAKE = 21, 22
_HTTP2_SETTINGS = 4
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}\b")
_LIKE_A_STATUS_LINE = re.compile(rb"[A-Za-z]+(?:/[0-9.]+)? [1-9][0-9]{2}\b")
_GREETING = re.compile(rb"[1-5][0-9]{2}[ -]")
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\f\r")


def shown(data: bytes, most: int = _SHOWN) -> str:
    """The beginning of bytes as one line of text; what can't be printed is a dot."""
    text = " ".join(decoded(data[: most + 1]).split())
    text = "".join(character if character.isprintable() else "." for character in text)
    return f"{text[:most]}..." if len(data) > most else text


def foreign(data: bytes) -> str:
    """What the first bytes of an answer are that isn't a response of HTTP/1.x."""
    if len(data) > 2 and data[0] in (_TLS_ALERT, _TLS_HANDSHAKE) and data[1] == 3:
        kind = "alert" if data[0] == _TLS_ALERT else "handshake"
        return f"the bytes of a TLS {kind}: is this an https port?"
    if data.startswith(b"PRI * HTTP/2") or _settings(data):
        return "an HTTP/2 preface: the server speaks HTTP/2 alone here, and was asked in HTTP/1.1"
    if data.startswith(b"SSH-"):
        return f"the greeting of an SSH server: {shown(data)}"
    if data.startswith((b"-ERR", b"+PONG", b"-NOAUTH")):
        return f"what a Redis server says: {shown(data)}"
    if (late := _STATUS_LINE.search(data)) is not None:
        before = data[: late.start()]
        return (
            f"{len(before)} bytes before the status line: {shown(before).strip('.') or before[:8].hex(' ')}"
        )
    line = data.partition(b"\n")[0]
    if _LIKE_A_STATUS_LINE.match(line):
        return f"a status line that isn't one of HTTP/1.0 or HTTP/1.1: {shown(line)}"
    if _GREETING.match(line):
        return f"the greeting of a server for mail or files: {shown(line)}"
    if data and not _CONTROLS.intersection(data):
        return f"an HTTP/0.9 answer without a status line: {shown(data)}"
    return f"{len(data)} bytes that aren't HTTP, which begin with {data[:8].hex(' ')}"


def _settings(data: bytes) -> bool:
    """Whether it begins with an HTTP/2 SETTINGS frame: length, type 4, flags, stream 0."""
    return len(data) >= 9 and data[0] == 0 and data[3] == _HTTP2_SETTINGS and data[5:9] == bytes(4)
