"""Servers that don't serve each fourth connection: who keeps connections soon has others."""

from __future__ import annotations

import itertools
import struct
import threading
from collections.abc import Callable
from socket import SO_LINGER, SOL_SOCKET, socket

import pytest

from bench.load.pool import Tally
from tests.load.peers import ANSWER, Peer, Serve, peer
from tests.load.trials import link_to, run_closed

BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def closed(connection: socket, _over: threading.Event) -> None:
    connection.recv(1 << 16)


def reset(connection: socket, _over: threading.Event) -> None:
    connection.recv(1 << 16)
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))


def busy(connection: socket, _over: threading.Event) -> None:
    connection.recv(1 << 16)
    connection.sendall(BUSY)


def silent(connection: socket, over: threading.Event) -> None:
    connection.recv(1 << 16)
    over.wait()


Instead = Callable[[socket, threading.Event], None]


def each_fourth(instead: Instead) -> Serve:
    numbers = itertools.count(1)

    def serve(_: Peer, connection: socket, over: threading.Event) -> None:
        if next(numbers) % 4 == 0:
            instead(connection, over)
            return
        while connection.recv(1 << 16):
            connection.sendall(ANSWER)

    return serve


@pytest.mark.parametrize("instead", [closed, reset, busy, silent])
def test_connections_are_counted_whose_first_request_is_not_answered_rightly(instead: Instead) -> None:
    with peer(each_fourth(instead)) as server, link_to(server.url) as link:
        first = run_closed(link, users=8, length_s=0.05, timeout_s=0.5)
        tally = link.tally()
        assert tally.unserved == tally.opened // 4 > 0
        if instead is not silent:
            assert first.kinds() == {"ok": first.counted.offered}
            run_closed(link, users=8, length_s=0.05, timeout_s=0.5)
            assert link.tally().since(tally) == Tally(0, 0, 0, 0, 0)
