"""A request made ready for one target, and what right answers to it were like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.catalogue.scenarios.request import Request
from bench.load.content import joined
from bench.load.likeness import Begun, Likeness

if TYPE_CHECKING:
    from bench.load.wire import Reply

MOST_COMPARED_BYTES = 1 << 16
"""To compare larger answers costs more than to read them."""
_SMALL_BYTES = 1 << 12


class Exchange:
    """A request made ready for one target.

    Attributes:
        close: whether it asks for the end of the connection; then nothing more is sent on it, whatever the
            server does (RFC 9112, 9.6).
        endpoint: index of its endpoint in the scenario's list.
        good: a complete response found right, if another like it may come and it isn't large; else None.
            What may become another waits for its rest unparsed.
        good_keeps: whether that response left the connection open.
        likeness: what is known of the heads of right responses; requests of one endpoint may share it.
    """

    __slots__ = (
        "close",
        "endpoint",
        "expect",
        "good",
        "good_keeps",
        "head_only",
        "likeness",
        "payload",
        "request",
        "unique",
    )

    def __init__(
        self, request: Request, endpoint: int, host: str, close: bool, likeness: Likeness | None = None
    ) -> None:
        self.request = request
        self.payload = request.encode(host, close)
        self.close = close
        self.endpoint = endpoint
        self.expect = request.expect
        self.head_only = request.method == "HEAD"
        self.unique = request.unique
        self.good: bytes | None = None
        self.good_keeps = False
        self.likeness = likeness or Likeness()

    def remember(self, reply: Reply) -> None:
        """Keep a right response, and what its head was like if it had to be parsed."""
        if reply.parsed and reply.head is not None:
            self.likeness.note(reply.head, reply.parsed, self.expect)
        if reply.raw is not None:
            self.good, self.good_keeps = bytes(reply.raw), reply.keeps

    def compares(self, size: int) -> bool:
        """Whether responses of so many bytes are compared as a whole: a copy is kept for the next."""
        return not self.unique and size <= MOST_COMPARED_BYTES

    def refuse(self, reply: Reply) -> None:
        """Note a whole answer that was wrong."""

    def looked_at(self, answer: bytes | bytearray | None) -> str | None:  # noqa: ARG002
        """What a closer look finds wrong with an answer that is right so far; see `LookedExchange`.

        Raises:
            Oversized: it is too large for a closer look.
        """
        return None

    def begun(self, answer: bytes | bytearray) -> Begun | None:
        """What the head of a response says that begins like a right one; None where it has to be parsed."""
        return self.likeness.read(answer, self.expect, self.head_only)

    def right(self, answer: bytearray, begun: Begun) -> bool:
        """Whether a response that has begun so is right, and all of it is here."""
        head, at, size = begun
        expect = self.expect
        if size is not None:
            if at + size != len(answer) or expect.size_fault(size) or not expect.body_right(answer, at):
                return False
        else:
            body = joined(answer, at) if head.chunked else None
            if body is None or expect.size_fault(len(body)) or not expect.body_right(body):
                return False
        if len(answer) <= _SMALL_BYTES and not self.unique:
            # A server that dates its answers repeats itself for the rest of the second.
            self.good, self.good_keeps = bytes(answer), head.keeps and not self.close
        return True
