"""Exchanges whose answers are looked at closely: for header fields, values in JSON, and what users take."""

from __future__ import annotations

from collections.abc import Iterable

from bench.catalogue.scenarios.looking import Fields, Seen, look, wants_a_look
from bench.catalogue.scenarios.request import Expect, Request
from bench.load.content import Bytes, Chunked, joined
from bench.load.head import Head, find_end, parse
from bench.load.likeness import Begun, Likeness
from bench.load.wire import Exchange, Reply

MOST_BYTES = 1 << 24
"""Of an answer that is looked at; a larger one shows nothing."""
# Each user keeps one for each request.
_MOST_KEPT_BYTES = 1 << 12
_ANY = Expect(200)
_NOTHING = Seen()
_SET_COOKIE = b"\nset-cookie:"


class LookedExchange(Exchange):
    """An exchange that is looked at; one that is equal to the last shows the same.

    Attributes:
        seen: what the last right answer has shown, or else what was wrong with the one after it.
        refused: the cookies of the last answer, if that was wrong and nobody has taken them.
    """

    __slots__ = ("_names", "_of_head", "_wants", "refused", "seen")

    def __init__(
        self, request: Request, endpoint: int, host: str, close: bool, likeness: Likeness | None = None
    ) -> None:
        super().__init__(request, endpoint, host, close, likeness)
        self.seen = Seen()
        self.refused: tuple[str, ...] = ()
        assert request.asked is not None
        self._wants = wants_a_look(request.asked)
        self._of_head: Head | None = None
        self._names: tuple[bytes, ...] = ()

    def compares(self, size: int) -> bool:
        return size <= MOST_BYTES

    def remember(self, reply: Reply) -> None:
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
        if not super().right(answer, begun):
            return False
        head, at, size = begun
        if not self._wants:
            if head is not self._of_head:
                # What is read by the same head has the same fields, in the same order and letters.
                self._of_head, self._names = head, _cookie_names(bytes(answer[:at]))
            if self._names:
                self._take_cookies(answer, at)
            else:
                self.seen = _NOTHING
            return True
        body = joined(answer, at) if size is None and head.chunked else answer[at:]
        return self.look(_fields(bytes(answer[:at]).split(b"\n")[1:-2]), bytes(body or b"")) is None

    def _take_cookies(self, answer: bytearray, head_ends: int) -> None:
        cookies, at = [], 0
        for name in self._names:
            begins = answer.find(name, at, head_ends) + len(name)
            at = answer.find(b"\n", begins)
            cookies.append(answer[begins:at].decode("latin-1").strip())
        self.seen = Seen("", "", tuple(cookies))

    def looked_at(self, answer: bytes | bytearray | None) -> str | None:
        fields, body = opened(bytes(answer)) if answer is not None else ([], b"")
        return self.look(fields, body)

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
    """Header fields and body of a whole answer, as it came."""
    rest = answer
    while True:
        rest = rest.lstrip(b"\r\n")
        span = find_end(rest, 0)
        assert span is not None
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


def _cookie_names(head: bytes) -> tuple[bytes, ...]:
    """How each line that sets a cookie begins, with the end of the line before it."""
    lower = head.lower()
    names, at = [], lower.find(_SET_COOKIE)
    while at >= 0:
        names.append(head[at : at + len(_SET_COOKIE)])
        at = lower.find(_SET_COOKIE, at + 1)
    return tuple(names)


class _Whole(Chunked):
    """The content of chunks."""

    def __init__(self, expect: Expect) -> None:
        super().__init__(expect)
        self.taken = bytearray()

    def take(self, data: Bytes) -> None:
        self.taken += data
