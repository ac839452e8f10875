"""HTTP/1.1 as a client sees it: responses, checked byte by byte.

A response equal to one that was found right costs one comparison for each part in which it arrives; of one
that begins like such a one (`bench.load.likeness`) what differs is read. Any other is parsed in full.
"""

from __future__ import annotations

from bench.catalogue.scenarios.learned import Answered
from bench.load.content import Bytes, Chunked, Content, Oversized, Sized, Unbounded
from bench.load.exchange import Exchange
from bench.load.head import MOST_HEAD_BYTES, Head, Malformed, find_end, parse
from bench.load.likeness import Begun

_LINE_ENDS = (b"\r", b"\n")


class Reply:
    """One response while it arrives.

    Attributes:
        complete: whether all of it is here.
        fault: kind of error found so far, or None: "malformed", "oversized", "closed", "truncated", "excess"
            (bytes after its end), "status", "location", "type", "length" or "body".
        words: what is wrong with a malformed or an oversized one; else empty.
        received: how many bytes have arrived, with those of interim responses.
        head: what its head says, once that is here.
        parsed: that head as it came, if it had to be parsed.
        size: how many bytes of its content have arrived.
        raw: all of it that has arrived; None if it is too large to be kept, or not worth it.
        keeps: whether the connection may carry another request, once complete.
    """

    __slots__ = (
        "_begun",
        "_content",
        "_exchange",
        "complete",
        "fault",
        "head",
        "keeps",
        "parsed",
        "raw",
        "received",
        "size",
        "words",
    )

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._begun: bytes | bytearray = b""
        self._content: Content | None = None
        self.complete = self.keeps = False
        self.fault: str | None = None
        self.head: Head | None = None
        self.raw: bytes | bytearray | None = b""
        self.received = self.size = 0
        self.parsed = b""
        self.words = ""

    def feed(self, data: Bytes, begun: Begun | None = None) -> None:
        """Take the next bytes from the connection; the caller may use their place again.

        Args:
            begun: what their head says, of the first bytes and if it is known.
        """
        if self.complete:
            self._let_pass(data)
            return
        try:
            if self._content is not None:
                self._keep(data)
                self._feed(self._content, data)
            elif self.received:
                self._keep(data)
                searched = len(self._begun)
                self._begun += data
                self._take_heads(searched)
            else:
                self._begin(data, begun)
        except Malformed as error:
            self.words = str(error)
            self._break("malformed")
        except Oversized as error:
            self.words = str(error)
            self._break("oversized")

    def end(self) -> None:
        """The server closed the connection: the end of a body without a length, else a fault."""
        if self.complete:
            return
        if isinstance(self._content, Unbounded):
            self.complete = True
            self._check(self._content.right())
            self.raw = None
        else:
            self._break("truncated" if self.received else "closed")

    def answered(self) -> Answered | None:
        """What the answer was, as far as answers are told apart; None while it isn't whole."""
        if self.head is None or self.fault in ("malformed", "oversized", "truncated"):
            return None
        return Answered(self.head.status, self.head.location, self.head.content_type, self.size)

    def progress(self) -> str:
        """How much of an incomplete answer has arrived, in words."""
        size = f"{self.size:,}"
        match self._content:
            case None:
                head = len(self._begun)
                if before := self.received - head:
                    return f"{before:,} bytes of interim answers or blank lines, and {head:,} of a head"
                return f"{head:,} bytes of the head"
            case Sized(total=total):
                return f"the head and {size} of {total:,} bytes of the body"
            case Chunked():
                return f"the head and {size} bytes of a body in chunks"
            case _:
                return f"the head and {size} bytes of a body without a length"

    def _begin(self, data: Bytes, begun: Begun | None) -> None:
        """Take the first bytes."""
        self.received = len(data)
        answer = bytes(data) if isinstance(data, memoryview) else data
        self.raw = bytes(answer) if self._exchange.compares(self.received) else None
        if begun is None:
            self._begun = answer
            self._take_heads(0)
        else:
            head, at, length = begun
            self._take_head(head, length, answer, at)

    def _keep(self, data: Bytes) -> None:
        self.received += len(data)
        if self.raw is None:
            return
        if not self._exchange.compares(self.received):
            self.raw = None
            return
        if isinstance(self.raw, bytes):
            self.raw = bytearray(self.raw)
        self.raw += data

    def _take_heads(self, searched: int) -> None:
        """Read heads up to that of the final response, and what follows it.

        Args:
            searched: where no head ends, of what has begun.
        """
        begun = self._begun
        while True:
            if begun[:1] in _LINE_ENDS:
                # After the response before; others let it pass as well.
                begun, searched = begun.lstrip(b"\r\n"), 0
            span = find_end(begun, searched)
            if span is None:
                if len(begun) > MOST_HEAD_BYTES:
                    raise Oversized("a head", MOST_HEAD_BYTES)
                if self.received > MOST_HEAD_BYTES:
                    raise Oversized("interim answers or blank lines", MOST_HEAD_BYTES)
                self._begun = bytearray(begun)
                return
            parsed = bytes(begun[: span[0]])
            head = parse(parsed)
            if head.status >= 200:
                break
            begun, searched = begun[span[1] :], 0
        self._begun = b""
        self.parsed = parsed
        self._take_head(head, 0 if self._exchange.head_only else head.length, begun, span[1])

    def _take_head(self, head: Head, length: int | None, begun: bytes | bytearray, at: int) -> None:
        """Take the head of the final response, and what of the body came with it.

        Args:
            length: of the body; None where its end shows it.
            at: where the body begins.
        """
        self.head = head
        expect = self._exchange.expect
        end = len(begun) if length is None else at + length
        if length is not None and end <= len(begun):
            self.size = length
            whole = begun if end == len(begun) else begun[:end]
            self._finish(expect.body_right(whole, at), memoryview(begun)[end:])
            return
        if length is not None:
            self._content = Sized(expect, length)
        else:
            self._content = Chunked(expect) if head.chunked else Unbounded(expect)
        if len(begun) > at:
            self._feed(self._content, memoryview(begun)[at:])

    def _feed(self, content: Content, data: Bytes) -> None:
        used = content.feed(data)
        self.size = content.size
        if used is not None:
            self._finish(content.right(), data[used:])

    def _break(self, fault: str) -> None:
        self.complete = True
        self.keeps = False
        self.fault = self.fault or fault

    def _finish(self, right: bool, more: Bytes) -> None:
        assert self.head is not None
        self.complete = True
        self.keeps = self.head.keeps and not self._exchange.close
        self._check(right)
        if more:
            if self.raw is not None:
                self.raw = self.raw[: len(self.raw) - len(more)]
            self._let_pass(more)

    def _let_pass(self, more: Bytes) -> None:
        """Take what came after the end: line ends, which other clients let pass, too, or a fault."""
        if bytes(more).strip(b"\r\n"):
            self._break("excess")

    def _check(self, right: bool) -> None:
        assert self.head is not None
        head, expect = self.head, self._exchange.expect
        fault = expect.head_fault(head.status, head.location, head.content_type)
        fault = fault or expect.size_fault(self.size) or (None if right else "body")
        try:
            self.fault = fault or self._exchange.looked_at(self.raw)
        except Oversized as error:
            self.words = str(error)
            self.fault = "oversized"
