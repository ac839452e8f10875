"""The head of a response: status line and header fields, and what they say of the body (RFC 9112).

What a recipient may take is taken: lines that end with LF alone, folded lines, spaces before a colon,
repeated equal lengths. What it may not is refused with words for what is wrong with the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from bench.load.foreign import foreign, shown

MOST_HEAD_BYTES = 1 << 20
BODILESS = (204, 304)
"""Status codes of answers that have no body, whatever their head says."""
_MOST_CACHED_BYTES = 4096
_LOOKED_AT = 256
_ENORMOUS = 10**18
_FOLD = re.compile(rb"\r?\n[ \t]+")
_VERSION = b"HTTP/"
_READ = frozenset({b"content-length", b"transfer-encoding", b"connection", b"location", b"content-type"})
# What is newer than 1.1 is to be taken as that (RFC 9110, 6.2).
_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t]+(.*))?", re.DOTALL)


class Malformed(Exception):
    """Bytes that aren't a response, in words."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a response says.

    Attributes:
        reason: the words behind the status code.
        length: of the body in bytes; None where chunks or the connection's end show where it ends.
        chunked: whether the body comes in chunks.
        keeps: whether the connection may carry another request after this response, if its end is known
            without the connection's.
    """

    status: int
    reason: str
    length: int | None
    chunked: bool
    keeps: bool
    location: bytes | None
    content_type: bytes | None


def find_end(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Where the last line of the head ends, and where what follows the head begins; None if it isn't whole.

    Args:
        start: how much was searched before.

    Raises:
        Malformed: this is no head of a response.
    """
    if not data.startswith(_VERSION) and not _VERSION.startswith(data[: len(_VERSION)]):
        raise Malformed(foreign(bytes(data[:_LOOKED_AT])))
    start = max(0, start - 2)
    usual = data.find(b"\n\r\n", start)
    bare = data.find(b"\n\n", start, usual + 1 if usual >= 0 else len(data))
    if bare >= 0:
        return bare, bare + 2
    return None if usual < 0 else (usual, usual + 3)


def parse(head: bytes) -> Head:
    """Read a head without the empty line that ends it.

    Raises:
        Malformed: it isn't one, or doesn't say where the body ends.
    """
    if b"\n " in head or b"\n\t" in head:
        head = _unfolded(head)
    first, *lines = head.split(b"\n")
    if len(head) > _MOST_CACHED_BYTES:
        return _head(first, tuple(filter(None, map(read_field, lines))))
    # Most lines are those of the response before; looking one up costs a fifth of reading it.
    return _cached_head(first, tuple(filter(None, map(_cached_field, lines))))


def _unfolded(head: bytes) -> bytes:
    first, _, rest = head.partition(b"\n")
    if rest[:1] in (b" ", b"\t"):
        raise Malformed("a line that begins with a space before the first header field")
    return first + b"\n" + _FOLD.sub(b" ", rest)


def read_field(line: bytes) -> tuple[bytes, bytes] | None:
    """Name in lower case and value of a field that says something of the response; None for any other.

    Raises:
        Malformed: it isn't a field.
    """
    if b"\0" in line:
        raise Malformed(f"a header field with a NUL byte: {shown(line)}")
    name, colon, value = line.partition(b":")
    name = name.strip().lower()
    if not colon or not name:
        raise Malformed(f"a header line without a name and a colon: {shown(line) or 'an empty one'}")
    return (name, value.strip()) if name in _READ else None


def _head(status_line: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> Head:
    minor, status, reason = _status(status_line.removesuffix(b"\r"))
    by_name: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        by_name.setdefault(name, []).append(value)
    length, chunked = _framing(
        status, by_name.get(b"content-length", []), _items(by_name.get(b"transfer-encoding", []))
    )
    options = _items(by_name.get(b"connection", []))
    keeps = b"close" not in options and (bool(minor) or b"keep-alive" in options)
    if not minor and b"transfer-encoding" in by_name:
        keeps = False  # RFC 9112, 6.1
    return Head(
        status=status,
        reason=reason,
        length=length,
        chunked=chunked,
        keeps=keeps,
        location=by_name.get(b"location", [None])[-1],
        content_type=by_name.get(b"content-type", [None])[-1],
    )


def _status(line: bytes) -> tuple[int, int, str]:
    """Minor version, status code and reason."""
    match = _STATUS_LINE.fullmatch(line)
    if match is None or b"\0" in line:
        raise Malformed(f"a status line that isn't one of HTTP/1.0 or HTTP/1.1: {shown(line)}")
    minor, status, reason = match.groups(b"")
    if status == b"101":
        raise Malformed("status 101: it switches to a protocol that wasn't asked for")
    return int(minor), int(status), shown(reason) if reason.strip() else ""


def _framing(status: int, lengths: list[bytes], codings: list[bytes]) -> tuple[int | None, bool]:
    """The body's length, None if that isn't said, and whether it is chunked (RFC 9112, 6.3)."""
    if status < 200 or status in BODILESS:
        return 0, False
    codings = [coding for coding in codings if coding != b"identity"]
    if codings:
        return None, codings[-1] == b"chunked"
    said = {value.strip() for line in lengths for value in line.split(b",")}
    for value in said:
        if not value.isdigit():
            raise Malformed(f"a Content-Length that isn't a number: {shown(value) or 'nothing'}")
    numbers = sorted({_number(value) for value in said})
    if len(numbers) > 1:
        many = "two" if len(numbers) == 2 else len(numbers)
        raise Malformed(f"{many} different Content-Length fields: {' and '.join(map(str, numbers))}")
    return (numbers[0] if numbers else None), False


def _number(digits: bytes) -> int:
    digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) < len(str(_ENORMOUS)) else _ENORMOUS


def _items(lines: list[bytes]) -> list[bytes]:
    """The members of a field that is a list, in lower case."""
    return [item.strip().lower() for line in lines for item in line.split(b",") if item.strip()]


_cached_field = lru_cache(maxsize=1024)(read_field)
_cached_head = lru_cache(maxsize=1024)(_head)
