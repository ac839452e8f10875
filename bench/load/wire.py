"""HTTP/1.1 as a client sees it: prebuilt requests, and responses checked byte by byte.

A response equal to the last one that was parsed and found right costs one comparison for each part in which
it arrives. Any other is parsed in full, and every deviation has the name of an error kind.
"""

from __future__ import annotations

from bench.catalogue.scenarios.learned import Answered
from bench.catalogue.scenarios.request import Request
from bench.load.content import Bytes, Chunked, Content, Oversized, Sized, Unbounded
from bench.load.head import MOST_HEAD_BYTES, Head, Malformed, find_end, parse
from bench.load.likeness import Likeness, likeness

_MOST_KEPT_BYTES = 1 << 20
# Where answers differ in more than their heads, looking for likeness costs more than it saves.
_MOST_UNLIKE = 16
_SMALL_BYTES = 1 << 16
_FEW = 4
_LINE_ENDS = (b"\r", b"\n")


class Exchange:
    """A request made ready for one target.

    Attributes:
        payload: the request's bytes.
        close: whether it asks for the end of the connection; then nothing more is sent on it, whatever the
            server does (RFC 9112, 9.6).
        endpoint: index of its endpoint in the scenario's list.
        good: the last complete response found right, if another like it may come and it isn't large; else
            None. What may become another waits for its rest unparsed.
        unlike: how many responses in a row were right and unlike the others.
        good_keeps: whether that response left the connection open.
        likeness: how the responses found right differ, where that is known.
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
        "unlike",
    )

    def __init__(self, request: Request, endpoint: int, host: str, close: bool) -> None:
        self.request = request
        self.payload = request.encode(host, close)
        self.close = close
        self.endpoint = endpoint
        self.expect = request.expect
        self.head_only = request.method == "HEAD"
        self.unique = request.unique
        self.good: bytes | None = None
        self.good_keeps = False
        self.likeness: Likeness | None = None
        self.unlike = 0

    def remember(self, reply: Reply) -> None:
        """Keep a right response, and how it differs from the one before."""
        # The last good answer is the last that was parsed and found right. Those that `Link.receive` takes
        # without parsing are equal to it, or like it, and leave it as it is.
        if reply.raw is None or self.unique or reply.raw == self.good:
            return
        answer = bytes(reply.raw)
        if self.good is not None and self.unlike < _MOST_UNLIKE:
            self.unlike += 1
            self.likeness = likeness(self.good, answer) if reply.keeps == self.good_keeps else None
        self.good = answer
        self.good_keeps = reply.keeps

    def keeps(self, size: int) -> bool:
        """Whether a response of so many bytes is worth keeping: the next may be equal, and a copy costs."""
        return not self.unique and size <= (_MOST_KEPT_BYTES if self.unlike < _FEW else _SMALL_BYTES)

    def looked_at(self, answer: bytes | bytearray | None) -> str | None:  # noqa: ARG002
        """What a closer look finds wrong with an answer that is right so far; see `LookedExchange`."""
        return None

    def like(self, answer: bytearray) -> bool:
        """Whether a whole answer differs from the last right one in nothing that matters."""
        if self.likeness is None or not self.likeness.holds(answer):
            return False
        self.unlike = 0
        return True


class Reply:
    """One response while it arrives.

    Attributes:
        complete: whether all of it is here.
        fault: kind of error found so far, or None: "malformed", "oversized", "closed", "truncated", "excess"
            (bytes after its end), "status", "location", "type", "length" or "body".
        words: what is wrong with a malformed or an oversized one; else empty.
        received: how many bytes have arrived, with those of interim responses.
        head: what its head says, once that is here.
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
        self.words = ""

    def feed(self, data: Bytes) -> None:
        """Take the next bytes from the connection; the caller may use their place again."""
        if self.complete:
            self._break("excess")
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
                self.received = len(data)
                self.raw = self._begun = bytes(data)
                self._take_heads(0)
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
                return f"{self.received:,} bytes of the head"
            case Sized(total=total):
                return f"the head and {size} of {total:,} bytes of the body"
            case Chunked():
                return f"the head and {size} bytes of a body in chunks"
            case _:
                return f"the head and {size} bytes of a body without a length"

    def _keep(self, data: Bytes) -> None:
        self.received += len(data)
        if self.raw is None:
            return
        if not self._exchange.keeps(self.received):
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
                self._begun = begun if isinstance(begun, bytearray) else bytearray(begun)
                return
            head = parse(bytes(begun[: span[0]]))
            if head.status >= 200:
                break
            begun, searched = begun[span[1] :], 0
        self._begun = b""
        self.head = head
        at, length = span[1], head.length
        if self._exchange.head_only:
            length = 0
        if length is not None and len(begun) - at >= length:
            end = at + length
            self.size = length
            self._finish(self._exchange.expect.body_right(begun[at:end]), len(begun) > end)
            return
        expect = self._exchange.expect
        if length is not None:
            self._content = Sized(expect, length)
        else:
            self._content = Chunked(expect) if head.chunked else Unbounded(expect)
        if len(begun) > at:
            self._feed(self._content, begun[at:])

    def _feed(self, content: Content, data: Bytes) -> None:
        used = content.feed(data)
        self.size = content.size
        if used is not None:
            self._finish(content.right(), used < len(data))

    def _break(self, fault: str) -> None:
        self.complete = True
        self.keeps = False
        self.fault = self.fault or fault

    def _finish(self, right: bool, more: bool) -> None:
        assert self.head is not None
        self.complete = True
        self.keeps = self.head.keeps and not self._exchange.close
        self._check(right)
        if more:
            self._break("excess")

    def _check(self, right: bool) -> None:
        assert self.head is not None
        head, expect = self.head, self._exchange.expect
        fault = expect.head_fault(head.status, head.location, head.content_type)
        fault = fault or expect.size_fault(self.size) or (None if right else "body")
        self.fault = fault or self._exchange.looked_at(self.raw)
