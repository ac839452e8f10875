"""What was wrong with an answer, in words: what was expected and what came, or how far it came."""

from __future__ import annotations

from bench.catalogue.scenarios.request import Expect
from bench.load.exchange import Exchange
from bench.load.foreign import shown
from bench.load.head import BODILESS
from bench.load.looked import opened
from bench.load.wire import Reply

_SHOWN = 120


def late(reply: Reply, connected: bool, timeout_s: float) -> str:
    """What came of an answer that took too long, in words."""
    limit = f"within {timeout_s:g} s, which --timeout sets"
    if not connected:
        return f"no connection was made {limit}: nothing accepts it at this address"
    if not reply.received:
        return f"it accepted the connection and sent not a byte {limit}"
    return f"{reply.progress()} came {limit}"


def broken(reply: Reply, connected: bool, error: OSError) -> str:
    """How far an answer came until its connection broke."""
    reason = (error.strerror or "the connection broke").lower()
    if not connected:
        return f"no connection was made: {reason}"
    return f"{reason}, after {reply.progress() if reply.received else 'the request was sent'}"


def wrong(reply: Reply, exchange: Exchange, begins: bytes) -> str:
    """What is wrong with an answer that came.

    Args:
        begins: its first bytes.
    """
    match reply.fault:
        case "closed":
            return "it closed the connection without an answer"
        case "truncated":
            return f"it closed the connection after {reply.progress()}"
        case "malformed":
            return f"what came is no answer in HTTP/1.1: {reply.words}"
        case "oversized":
            return reply.words
        case "excess":
            return _excess(reply, exchange)
        case fault:
            return f"expected {_expected(exchange.expect)}; got {_got(reply, fault == 'location', begins)}"


def _excess(reply: Reply, exchange: Exchange) -> str:
    if reply.head is not None and not reply.size:
        if exchange.head_only:
            return "a body came, which no answer to HEAD has"
        if reply.head.status in BODILESS:
            return f"a body came, which no answer with status {reply.head.status} has"
    return f"more bytes came after the {reply.size:,} of the body"


def _expected(expect: Expect) -> str:
    status = expect.status
    parts = [f"status {status}" if isinstance(status, int) else f"a status from {status[0]} to {status[-1]}"]
    if expect.page:
        parts[0] += " that is no redirect"
    if isinstance(expect.location, bytes):
        parts.append(f"the location {shown(expect.location)}")
    elif expect.location is not None:
        parts.append(f"a location like {shown(expect.location.pattern)}")
    if expect.body is not None:
        parts.append(f"the body {_quoted(expect.body)}")
    if expect.contains is not None:
        parts.append(f"a body with {_quoted(expect.contains)}")
    return ", ".join(parts)


def _got(reply: Reply, location: bool, begins: bytes) -> str:
    assert reply.head is not None
    parts = [f"status {reply.head.status} {reply.head.reason}".rstrip()]
    if location or reply.head.location:
        received = reply.head.location
        parts.append("no location" if received is None else f"the location {shown(received)}")
    parts.append("an empty body" if not reply.size else f"a body of {reply.size:,} bytes{_body(begins)}")
    return ", ".join(parts)


def _body(begins: bytes) -> str:
    """How the body begins, where its first bytes are at hand."""
    _, body = opened(begins)
    return f" that begins {_quoted(body)}" if body else ""


def _quoted(data: bytes) -> str:
    return f'"{shown(data, _SHOWN)}"'
