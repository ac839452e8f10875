"""The content of a response while it arrives: where it ends, and whether it is what was expected.

No byte of it is kept: an answer may be large, and many arrive at once.
"""

from __future__ import annotations

import re

from bench.catalogue.scenarios.request import Expect
from bench.load.foreign import shown
from bench.load.head import MOST_HEAD_BYTES, Malformed

MOST_BYTES = 1 << 28
"""An answer may have so many bytes; more, or an answer without end, is an error."""
_MOST_LINE_BYTES = 1 << 16
_PLAIN_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")

Bytes = bytes | bytearray | memoryview


class Oversized(Exception):
    """More bytes than an answer may have, in words."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"{what} of more than {most >> 20} MiB, which is the most that is taken")


class Content:
    """What has arrived of a content, compared with what was expected.

    Attributes:
        size: how many bytes of it have arrived.
    """

    __slots__ = ("_body", "_contains", "_found", "_same", "_tail", "size")

    def __init__(self, expect: Expect) -> None:
        self._body = expect.body
        self._contains = expect.contains
        self._same = True
        self._found = False
        self._tail = b""
        self.size = 0

    def feed(self, data: Bytes) -> int | None:
        """Take the next bytes; how many of them belong to the body, once it is whole, and None before.

        Raises:
            Malformed: they are no chunks.
            Oversized: there are too many.
        """
        raise NotImplementedError

    def take(self, data: Bytes) -> None:
        """The next bytes of the content."""
        if self._body is not None and self._same:
            self._same = self._body.startswith(data, self.size)
        if self._contains is not None and not self._found:
            seen = self._tail + data
            self._found = self._contains in seen
            self._tail = seen[max(0, len(seen) - len(self._contains) + 1) :]
        self.size += len(data)
        if self.size > MOST_BYTES:
            raise Oversized("a body", MOST_BYTES)

    def right(self) -> bool:
        """Whether it is what was expected, now that all of it is here."""
        if self._body is not None and not (self._same and self.size == len(self._body)):
            return False
        return self._contains is None or self._found or not self._contains


class Sized(Content):
    """A content whose length was said: `total` bytes."""

    __slots__ = ("total",)

    def __init__(self, expect: Expect, total: int) -> None:
        if total > MOST_BYTES:
            raise Oversized("a body", MOST_BYTES)
        super().__init__(expect)
        self.total = total

    def feed(self, data: Bytes) -> int | None:
        left = self.total - self.size
        if len(data) < left:
            self.take(data)
            return None
        self.take(data[:left])
        return left


class Unbounded(Content):
    """A content that ends with the connection."""

    __slots__ = ()

    def feed(self, data: Bytes) -> int | None:
        self.take(data)
        return None


class Chunked(Content):
    """A content in chunks, with extensions and trailers (RFC 9112, 7.1); spaces after a size are let pass."""

    __slots__ = ("_expected", "_left", "_line", "_trailed")

    def __init__(self, expect: Expect) -> None:
        super().__init__(expect)
        self._left = 0
        self._line = b""
        self._trailed = 0
        # What the next line is: the size of a chunk, the end of one, or a trailer.
        self._expected = "size"

    def feed(self, data: Bytes) -> int | None:
        data = bytes(data)
        at = 0
        while at < len(data):
            if self._left:
                piece = data[at : at + self._left]
                self.take(piece)
                self._left -= len(piece)
                at += len(piece)
                continue
            end = data.find(b"\n", at)
            line = self._line + data[at : len(data) if end < 0 else end]
            if len(line) > _MOST_LINE_BYTES:
                raise Malformed(f"a line between chunks that has no end: {shown(line)}")
            if end < 0:
                if self._expected == "end" and line not in (b"", b"\r"):
                    self._last(line)
                self._line = line
                return None
            self._line = b""
            at = end + 1
            if self._last(line.removesuffix(b"\r")):
                return at
        return None

    def _last(self, line: bytes) -> bool:
        """Take a line without its end; whether it was the body's last."""
        if self._expected == "size":
            self._left = _size(line)
            self._expected = "end" if self._left else "trailer"
        elif self._expected == "end":
            if line:
                raise Malformed(f"a chunk that is longer than its size: {shown(line)}")
            self._expected = "size"
        else:
            self._trailed += len(line)
            if self._trailed > MOST_HEAD_BYTES:
                raise Oversized("trailers", MOST_HEAD_BYTES)
            return not line
        return False


def joined(answer: bytes | bytearray, at: int) -> bytes | None:
    """The content whose chunks begin there and end with the answer; None where that has to be looked at."""
    pieces: list[bytes | bytearray] = []
    while (line := _PLAIN_SIZE.match(answer, at)) is not None:
        begin, size = line.end(), int(line[1], 16)
        if not size:
            return b"".join(pieces) if answer[begin:] == b"\r\n" else None
        pieces.append(answer[begin : begin + size])
        if not answer.startswith(b"\r\n", begin + size):
            return None
        at = begin + size + 2
    return None


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].rstrip(b" \t")
    # `int` would take signs, spaces, underscores and a prefix as well.
    if not digits or digits.strip(b"0123456789abcdefABCDEF"):
        raise Malformed(f"a chunk size that isn't hexadecimal: {shown(digits) or 'an empty line'}")
    size = int(digits, 16)
    if size > MOST_BYTES:
        raise Oversized("a body", MOST_BYTES)
    return size
