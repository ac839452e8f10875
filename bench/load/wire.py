"""HTTP/1.1 as a client sees it: prebuilt requests, and responses checked byte by byte.

A response equal to the last one that was parsed and found right costs one comparison for each part in which
it arrives. Any other is parsed in full by llhttp (through httptools), and every deviation has the name of an
error kind.
"""

from __future__ import annotations

import httptools

from bench.scenarios.learned import Answered
from bench.scenarios.request import Request


class Exchange:
    """A request made ready for one target.

    Attributes:
        payload: the request's bytes.
        close: whether it asks for the end of the connection; then nothing more is sent on it, whatever the
            server does (RFC 9112, 9.6).
        endpoint: index of its endpoint in the scenario's list.
        good: the last complete response found right, if another like it may come; else None. What may become
            another waits for its rest unparsed.
        good_keeps: whether that response left the connection open.
    """

    __slots__ = (
        "close",
        "endpoint",
        "expect",
        "good",
        "good_keeps",
        "head_only",
        "payload",
        "request",
        "unique",
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


class Reply:
    """One response while it arrives.

    Attributes:
        complete: whether all of it is here.
        fault: kind of error found so far, or None: "malformed", "excess" (bytes after its end),
            "status", "location", "type", "length" or "body".
        answered: what it was, once all of it is here and has been judged.
        raw: all of it that has arrived.
        keeps: whether the connection may carry another request, once complete.
    """

    __slots__ = (
        "_body",
        "_content_type",
        "_exchange",
        "_framed",
        "_headers_done",
        "_interims",
        "_location",
        "_parser",
        "answered",
        "complete",
        "fault",
        "keeps",
        "raw",
    )

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._location: bytes | None = None
        self._content_type: bytes | None = None
        self._framed = False
        self._headers_done = False
        self._interims = 0
        self.complete = False
        self.raw = b""
        self.fault: str | None = None
        self.answered: Answered | None = None
        self.keeps = False

    def feed(self, data: bytes | bytearray) -> None:
        """Take the next bytes from the connection."""
        if self.complete:
            self._break("excess")
            return
        self.raw += data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _HeadOnly):
                raise
            if self.raw.split(b"\r\n\r\n", self._interims + 1)[-1]:
                self._break("excess")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._break("excess" if self.complete else "malformed")

    def end(self) -> None:
        """The server closed the connection: the end of a body without a length, else a fault."""
        if self.complete:
            return
        if self._headers_done and not self._framed:
            self.complete = True
            self._check()
        else:
            self._break("truncated")

    def on_message_begin(self) -> None:
        if self.complete:
            self._break("excess")

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name == b"location":
            self._location = value
        elif name == b"content-type":
            self._content_type = value
        elif name in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        self._headers_done = True
        if self._exchange.head_only and self._parser.get_status_code() >= 200:
            self._finish()
            raise _HeadOnly

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self.complete:
            return
        if self._parser.get_status_code() < 200:
            self._framed = self._headers_done = False
            self._interims += 1
            self._location = self._content_type = None
            return
        self._finish()

    def _break(self, fault: str) -> None:
        self.complete = True
        self.keeps = False
        self.fault = self.fault or fault

    def _finish(self) -> None:
        self.complete = True
        self.keeps = bool(self._parser.should_keep_alive()) and not self._exchange.close
        self._check()

    def _check(self) -> None:
        status = self._parser.get_status_code()
        found = self._exchange.expect.fault(status, self._location, self._body, self._content_type)
        self.fault = self.fault or found
        self.answered = Answered(status, self._location, self._content_type, len(self._body))


class _HeadOnly(Exception):
    """Stops the parser after the head of a response that has no body by definition."""
