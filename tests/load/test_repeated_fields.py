"""Fields that are repeated, or come in trailers, are no reason to refuse an answer; by either client."""

from __future__ import annotations

import threading
from socket import socket

import pytest

from bench.load.client import LoadDriver
from bench.model import Closed
from bench.model.scenario import AskedRequest, AskedScenario
from tests.load.peers import Peer, asked, peer
from tests.load.test_arrivals import driver  # noqa: F401 - a fixture
from tests.load.test_asked import measured

TYPE = b"Content-Type: text/html; charset=utf-8\r\n"
SIZED = TYPE + b"Content-Length: 5\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\n" + TYPE + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
ANSWERS = {
    "a type twice": b"HTTP/1.1 200 OK\r\n" + TYPE + SIZED + b"\r\nhello",
    "another type in a trailer": CHUNKED + b"Content-Type: text/plain\r\n\r\n",
    "a place in a trailer": CHUNKED + b"Location: /elsewhere\r\n\r\n",
    "a place twice": b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /a\r\n" + SIZED + b"\r\nhello",
}
PAGE = AskedScenario("page", (AskedRequest("page", "/", redirects=True),))


@pytest.mark.parametrize("name", ANSWERS)
def test_it_is_right(driver: LoadDriver, name: str) -> None:  # noqa: F811
    def serve(found: Peer, connection: socket, _over: threading.Event) -> None:
        while asked(found, connection):
            connection.sendall(ANSWERS[name])

    with peer(serve) as found:
        (seen,) = measured(driver, found.url, PAGE, Closed(2))
        driver.set_targets([], store=None)
    assert seen.ok > 0
    assert not seen.errors
    assert not seen.wrong
