"""Exchanges whose answers are looked at closely: for header fields, values in JSON, and what users take."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bench.catalogue.scenarios.looking import Fields, Seen, look, wants_a_look
from bench.catalogue.scenarios.request import Expect, Request
from bench.load.content import Bytes, Chunked, Oversized, joined
from bench.load.exchange import Exchange
from bench.load.head import find_end, parse
from bench.load.likeness import Begun, Likeness
from bench.load.wire import Reply

MOST_BYTES = 1 << 24
"""Of an answer that is looked at; what a larger one shows isn't known, so it can't be right."""
# Each user keeps one for each request.
_MOST_KEPT_BYTES = 1 << 12
_ANY = Expect(200)
_NOTHING = Seen()
_SET_COOKIE = re.compile(rb"\nset-cookie[ \t]*:([^\n]*)", re.IGNORECASE)


class LookedExchange(Exchange):
    """An exchange that is looked at; one that is equal to the last shows the same.

    Attributes:
        seen: what the last right answer has shown, or else what was wrong with the one after it.
        refused: the cookies of the last answer, if that was wrong and nobody has taken them.
    """

    __slots__ = ("_wants", "refused", "seen")

    def __init__(
        self, request: Request, endpoint: int, host: str, close: bool, likeness: Likeness | None = None
    ) -> None:
        super().__init__(request, endpoint, host, close, likeness)
        self.seen = Seen()
        self.refused: tuple[str, ...] = ()
        assert request.asked is not None
        self._wants = wants_a_look(request.asked)

    def compares(self, size: int) -> bool:
        return size <= MOST_BYTES

    def remember(self, reply: Reply) -> None:
        # What is seen now, an earlier answer hasn't shown.
        self.good = None
        super().remember(reply)
        if self.good is not None and len(self.good) > _MOST_KEPT_BYTES:
            self.good = None

    def refuse(self, reply: Reply) -> None:
        head = reply.parsed
        if not head and reply.raw is not None and (span := find_end(reply.raw, 0)):
            head = bytes(reply.raw[: span[0]])
        self.note_refused(_fields(head.split(b"\n")[1:]))

    def note_refused(self, fields: Fields) -> None:
        """Note the header fields of a wrong answer: its cookies count all the same (RFC 6265, 5.2)."""
        self.refused = tuple(value for name, value in fields if name == "set-cookie")

    def right(self, answer: bytearray, begun: Begun) -> bool:
        before = self.good
        if not super().right(answer, begun):
            return False
        if self.good is before:
            self.good = None
        head, at, size = begun
        if not self._wants:
            cookies = [line[1].decode("latin-1").strip() for line in _SET_COOKIE.finditer(answer, 0, at)]
            self.seen = Seen("", "", tuple(cookies)) if cookies else _NOTHING
            return True
        body = joined(answer, at) if size is None and head.chunked else answer[at:]
        return self.look(_fields(bytes(answer[:at]).split(b"\n")[1:-2]), bytes(body or b"")) is None

    def looked_at(self, answer: bytes | bytearray | None) -> str | None:
        if answer is None:
            raise Oversized("an answer that is looked at", MOST_BYTES)
        return self.look(*opened(bytes(answer)))

    def look(self, fields: Fields, body: bytes) -> str | None:
        """Look at an answer that is right so far; the kind of what is wrong with it."""
        assert self.request.asked is not None
        self.seen = look(self.request.asked, fields, body)
        if not self.seen.fault:
            return None
        # What was seen is no longer of the last right answer.
        self.good = None
        return self.seen.fault


def opened(answer: bytes) -> tuple[Fields, bytes]:
    """Header fields and body of an answer as it came, as far as it is here; none without a whole head."""
    rest = answer
    while True:
        rest = rest.lstrip(b"\r\n")
        span = find_end(rest, 0)
        if span is None:
            return [], b""
        head = parse(rest[: span[0]])
        lines, rest = rest[: span[0]].split(b"\n")[1:], rest[span[1] :]
        if head.status >= 200:
            break
    if head.chunked:
        whole = _Whole(_ANY)
        whole.feed(rest)
        rest = bytes(whole.taken)
    return _fields(lines), rest[: head.length]


def _fields(lines: Iterable[bytes]) -> Fields:
    parted = (line.decode("latin-1").partition(":") for line in lines)
    return [(name.strip().lower(), value.strip()) for name, _, value in parted]


class _Whole(Chunked):
    """The content of chunks."""

    def __init__(self, expect: Expect) -> None:
        super().__init__(expect)
        self.taken = bytearray()

    def take(self, data: Bytes) -> None:
        self.taken += data
