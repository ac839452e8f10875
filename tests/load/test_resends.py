"""What may have been carried out is not sent again, and what comes between answers ends no connection."""

from __future__ import annotations

import threading
from socket import create_server, socket

import pytest

from bench.load.client import LoadDriver
from bench.load.exchange import Exchange
from bench.load.outcomes import INCOMPLETE, OK
from bench.model import Closed
from bench.model.scenario import AskedRequest, AskedScenario
from tests.load.peers import ANSWER, Peer, peer
from tests.load.test_arrivals import driver  # noqa: F401 - a fixture
from tests.load.test_asked import measured
from tests.load.trials import PAGE, link_to

BODY = "x" * 1000
MOST_TRIALS = 20
"""Until one has a third request of a connection, which a busy machine may take long to send."""


def resetting(found: Peer, connection: socket, _over: threading.Event) -> None:
    """Leave most of each third request of a connection unread: TCP sends a reset then."""
    answered, request = 0, b""
    while data := connection.recv(10 if answered == 2 else 65536):
        if answered == 2:
            return
        request += data
        head, end, body = request.partition(b"\r\n\r\n")
        if end and len(body) == (len(BODY) if head.startswith(b"POST") else 0):
            answered, request = answered + 1, b""
            found.requests += 1
            connection.sendall(ANSWER)


@pytest.mark.parametrize(("method", "errors"), [("GET", set()), ("POST", {"reset"})])
def test_what_a_reset_cut_short_is_sent_again_only_if_it_changes_nothing(
    driver: LoadDriver,  # noqa: F811
    method: str,
    errors: set[str],
) -> None:
    request = AskedRequest("page", "/", method, body=BODY if method == "POST" else "")
    with peer(resetting) as found:
        for _ in range(MOST_TRIALS):
            (seen,) = measured(driver, found.url, AskedScenario("page", (request,)), Closed(2))
            if seen.lost or seen.errors:
                break
        driver.set_targets([], store=None)
    assert seen.errors.keys() == errors
    assert seen.ok > 0
    assert (seen.lost > 0) == (method == "GET")


def test_a_line_end_on_an_idle_connection_is_no_reason_to_close_it() -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        with link_to(f"http://{host}:{port}") as link:
            exchange = Exchange(PAGE, 0, "host", close=False)
            assert link.begin(exchange, 0, 0) == INCOMPLETE
            (connection,) = link.active.values()
            server, _ = listening.accept()
            with server:
                for _ in range(3):
                    server.recv(65536)
                    server.sendall(ANSWER)
                    while link.poll() and link.receive(connection.fd) is None:
                        pass
                    assert link.outcome == OK
                    link.park(connection)
                    server.sendall(b"\r\n")
                    assert link.poll()
                    link.refresh()
                    assert link.idle == [connection]
                    assert link.begin(exchange, 0, 0) == INCOMPLETE
            assert (link.opened, link.unasked, link.lost) == (1, 0, 0)
