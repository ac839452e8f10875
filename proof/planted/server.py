"""A server that misbehaves as told: `python -m proof.planted.server '{"kind": ...}'`, prints its port.

It answers each request with the page of the `hello` scenario, in the way that its kind names, and
`GET /truth` with what it really did, in nanoseconds of the monotonic clock, which all processes of
one machine share: the machine's own noise is then part of the truth.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import NoReturn

from proof.planted.answers import (
    ANNOUNCED,
    BODY,
    CHUNK,
    CHUNKED,
    ENDLESS,
    HTTP_10,
    RIGHT,
    SLOW_DOWN,
    response,
)
from proof.planted.behaviour import Plan, Server
from proof.planted.large import serve_large
from proof.planted.pages import Pages
from servers.null.serve import serve as serve_at_once

BACKLOG = 1024
_NARROW_S = 0.02
_PATIENCE_S = 0.1
_MORE_S = 0.002
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Conversation(asyncio.Protocol):
    """One connection; its clients don't pipeline and send no bodies."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._plan = server.plan
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._answers = 0
        self._received = 0
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.truth.opened += 1

    def connection_lost(self, _error: Exception | None) -> None:
        self._server.truth.closed += 1
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._buffer += data
        if not self._buffer.endswith(b"\r\n\r\n"):
            return
        head, self._buffer = self._buffer, b""
        if head.startswith(b"GET /truth "):
            self._send(response(body=json.dumps(asdict(self._server.truth)).encode()))
            self._transport.close()
            return
        self._received = time.monotonic_ns()
        self._server.number += 1
        _ANSWERS[self._plan.kind](self)

    def _send(self, data: bytes, *, close: bool = False) -> None:
        self._transport.write(data)
        if close:
            self._transport.close()

    def _answered(self) -> None:
        self._answers += 1
        self._server.truth.answered.append((self._received, time.monotonic_ns()))

    def length(self) -> None:
        self._send(RIGHT)
        self._answered()

    def chunked(self) -> None:
        self._send(CHUNKED)
        self._answered()

    def http10(self) -> None:
        self._send(HTTP_10, close=True)
        self._answered()

    def announced_close(self) -> None:
        self._send(ANNOUNCED, close=True)
        self._answered()

    def silent_close(self) -> None:
        """End the connection after so many answers, without announcing it."""
        self.length()
        if self._answers == self._plan.answers:
            self._transport.close()

    def idle_close(self) -> None:
        self.length()
        self._idle = self._loop.call_later(self._plan.idle_s, self._transport.close)

    def byte_by_byte(self) -> None:
        def send_from(position: int) -> None:
            self._send(RIGHT[position : position + 1])
            if position + 1 < len(RIGHT):
                self._loop.call_soon(send_from, position + 1)
            else:
                self._answered()

        send_from(0)

    def interim(self) -> None:
        self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._loop.call_soon(self.length)

    def no_content(self) -> None:
        self._send(b"HTTP/1.1 204 No Content\r\n\r\n")
        self._answered()

    def head_only(self) -> None:
        self._send(RIGHT[: -len(BODY)])
        self._answered()

    def not_modified(self) -> None:
        """The length is that of the body which isn't sent (RFC 9110, 8.6)."""
        self._send(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 13\r\n\r\n')
        self._answered()

    def never(self) -> None:
        """Say nothing and keep the connection."""

    def limited(self) -> None:
        """Redirect whoever asks too often."""
        self._send(RIGHT if self._server.allows(self._received) else SLOW_DOWN)
        self._answered()

    def emptied(self) -> None:
        self._send(RIGHT if self._server.number <= self._plan.answers else response(body=b""))
        self._answered()

    def endless(self) -> None:
        """Answer some rightly, and then each with as much as is taken, for ever."""
        if self._server.number <= self._plan.answers:
            self.length()
            return
        self._send(ENDLESS)
        self._send_more()

    def _send_more(self) -> None:
        if not self._transport.is_closing():
            if not self._transport.get_write_buffer_size():
                self._send(CHUNK)
            self._loop.call_later(_MORE_S, self._send_more)

    def delayed(self) -> None:
        self._loop.call_later(self._server.delay_s(), self._length_if_wanted)

    def collecting(self) -> None:
        time.sleep(self._server.working_s())
        self.length()

    def tail(self) -> None:
        self._server.work(self._length_if_wanted)

    def _length_if_wanted(self) -> None:
        if not self._transport.is_closing():
            self.length()

    def wrong(self) -> None:
        if self._server.number % self._plan.every:
            self.length()
            return
        _FAULTS[self._plan.fault](self)
        self._answered()

    def _status(self) -> None:
        self._send(response("500 Internal Server Error"))

    def _body(self) -> None:
        self._send(response(body=BODY.swapcase()))

    def _truncated(self) -> None:
        self._send(RIGHT[:-4], close=True)

    def _malformed(self) -> None:
        self._send(b"HTTP/1.1 OK\r\n\r\n", close=True)

    def _excess(self) -> None:
        self._send(RIGHT + b"more")

    def _silent(self) -> None:
        self._transport.close()

    def _reset(self) -> None:
        self._send(RIGHT[:-4])
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()


_ANSWERS: dict[str, Callable[[Conversation], None]] = {
    "length": Conversation.length,
    "frozen": Conversation.length,
    "chunked": Conversation.chunked,
    "http10": Conversation.http10,
    "announced-close": Conversation.announced_close,
    "silent-close": Conversation.silent_close,
    "idle-close": Conversation.idle_close,
    "byte-by-byte": Conversation.byte_by_byte,
    "interim": Conversation.interim,
    "head-only": Conversation.head_only,
    "no-content": Conversation.no_content,
    "not-modified": Conversation.not_modified,
    "never": Conversation.never,
    "delayed": Conversation.delayed,
    "tail": Conversation.tail,
    "collecting": Conversation.collecting,
    "wrong": Conversation.wrong,
    "limited": Conversation.limited,
    "emptied": Conversation.emptied,
    "endless": Conversation.endless,
}
_FAULTS: dict[str, Callable[[Conversation], None]] = {
    "status": Conversation._status,
    "body": Conversation._body,
    "truncated": Conversation._truncated,
    "malformed": Conversation._malformed,
    "excess": Conversation._excess,
    "closed": Conversation._silent,
    "reset": Conversation._reset,
}


async def serve(plan: Plan, listener: socket.socket) -> None:
    """Answer until killed."""
    server = Server(plan)
    loop = asyncio.get_running_loop()
    if plan.kind == "frozen":
        server.freeze_at(loop.time() + plan.period_s)
    await loop.create_server(lambda: Conversation(server), sock=listener, backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


def serve_narrowly(listener: socket.socket) -> NoReturn:
    """Answer one connection after the other, so slowly that a few who ask at once fill the queue."""
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            # What was given up meanwhile may never send anything.
            connection.settimeout(_PATIENCE_S)
            if connection.recv(65536):
                time.sleep(_NARROW_S)
                connection.sendall(ANNOUNCED)


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    with socket.socket() as listener:
        listener.bind((plan.host, 0))
        if plan.kind == "narrow":
            listener.listen(1)
            print(listener.getsockname()[1], flush=True)
            serve_narrowly(listener)
        if plan.kind == "large":
            listener.listen(BACKLOG)
            print(listener.getsockname()[1], flush=True)
            serve_large(listener, plan.size)
        if plan.kind == "pages":
            pages = Pages(plan)
            listener.listen(BACKLOG)
            print(listener.getsockname()[1], flush=True)
            serve_at_once(listener, lambda _request: pages.send)
        if plan.kind in ("deaf", "refusing"):
            if plan.kind == "deaf":
                listener.listen(1)
            print(listener.getsockname()[1], flush=True)
            signal.pause()
        asyncio.run(serve(plan, listener))


if __name__ == "__main__":
    main()
