"""A full listen queue, seen from the connections that wait before it; that of another program is nobody's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import AF_INET, SO_REUSEADDR, SOL_SOCKET, socket

import pytest

from bench.load.client import LoadDriver
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.outcomes import INCOMPLETE
from bench.load.tcpinfo import asked_again, loses_nothing
from bench.model import Closed, Connection
from proof.planted.start import planted
from tests.load.test_driver import COMMAND, ROOT, target, trial
from tests.load.trials import PAGE

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!"


@contextmanager
def full_queue() -> Iterator[socket]:
    """A listener that accepts nobody and whose queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket())
        listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = stack.enter_context(socket())
        waiting.connect(listener.getsockname())
        yield listener


@contextmanager
def link_to(listener: socket) -> Iterator[Link]:
    link = Link(AF_INET, listener.getsockname())
    try:
        yield link
    finally:
        link.close()


def test_a_connection_that_was_given_up_before_a_full_queue_is_counted() -> None:
    with full_queue() as listener, link_to(listener) as link:
        assert link.begin(Exchange(PAGE, 0, "host", close=True), 0, 1) == INCOMPLETE
        [connection] = link.active.values()
        assert connection.unsent
        link.discard(connection)
        assert link.retransmits == 1


@pytest.mark.parametrize("close", [True, False])
def test_a_connection_that_was_asked_for_twice_is_counted_once(close: bool) -> None:
    """The second SYN comes after a second and finds a place."""
    with full_queue() as listener, link_to(listener) as link, ExitStack() as stack:
        assert link.begin(Exchange(PAGE, 0, "host", close), 0, 1) == INCOMPLETE
        [connection] = link.active.values()
        listener.accept()[0].close()
        server = stack.enter_context(listener.accept()[0])
        ready = None
        while ready is None:
            for fd, _ in link.poll():
                ready = link.receive(fd) or ready
            if not connection.pending and connection.reply is None and ready is None:
                server.sendall(ANSWER)
        assert ready is connection
        assert asked_again(connection.sock, lossless=False)
        link.park(connection)
        link.look()
        link.look()
        assert link.retransmits == 1


def test_connections_that_are_taken_at_once_are_not_counted() -> None:
    with socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with link_to(listener) as link, full_queue() as others, link_to(others) as other:
            assert other.begin(Exchange(PAGE, 0, "host", close=True), 0, 1) == INCOMPLETE
            for _ in range(3):
                assert link.begin(Exchange(PAGE, 0, "host", close=True), 0, 1) == INCOMPLETE
                stack.enter_context(listener.accept()[0])
            link.look()
            for connection in list(link.active.values()):
                link.discard(connection)
            assert link.retransmits == 0


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("fe80::1%eth0", False)],
)
def test_only_what_stays_on_the_machine_loses_nothing(host: str, expected: bool) -> None:
    assert loses_nothing(host) is expected


@pytest.mark.parametrize(
    ("client", "processes", "connection"),
    [("loop", "1", "close"), ("loop", "2", "as-is"), ("fasthttp", "1", "as-is")],
)
def test_a_trial_counts_those_of_its_own_server_alone(
    tmp_path: Path, client: str, processes: str, connection: Connection
) -> None:
    command = [*COMMAND, "--client", client, "--processes", processes]
    with (
        planted("narrow") as narrow,
        planted("length") as good,
        full_queue() as foreign,
        socket() as other,
        LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log") as driver,
    ):
        driver.set_targets([target("narrow", narrow), target("good", good)], store=None)
        load = Closed(4, connection=connection)
        other.setblocking(False)
        # Its SYN is sent again, and dropped again, while the trials run.
        other.connect_ex(foreign.getsockname())
        of_narrow, of_good = driver.block([trial("narrow", load), trial("good", load)])
    assert of_narrow.syn_retransmits is not None
    assert of_narrow.syn_retransmits > 0
    assert of_good.syn_retransmits == 0
