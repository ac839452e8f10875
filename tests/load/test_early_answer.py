"""An answer that comes before its request is sent whole: what follows it must not end up within the rest."""

from __future__ import annotations

import threading
from socket import socket

from bench.catalogue.scenarios.request import Expect, Request
from tests.load import peers
from tests.load.trials import link_to, run_closed

# More than sockets of one machine hold.
BODY = bytes(1 << 24)
UPLOAD = Request("upload", "POST", "/", Expect(200, body=b"Hello, World!"), body=BODY)


def test_a_request_is_not_sent_amid_the_body_of_the_one_before() -> None:
    begun: list[bytes] = []

    def early(_found: peers.Peer, connection: socket, _over: threading.Event) -> None:
        """Answers by the head alone, and reads the body then."""
        with connection.makefile("rb") as incoming:
            while line := incoming.readline():
                begun.append(line)
                while incoming.readline() not in (b"\r\n", b""):
                    pass
                connection.sendall(peers.ANSWER)
                incoming.read(len(BODY))

    with peers.peer(early) as found, link_to(found.url) as link:
        ran = run_closed(link, users=2, length_s=0.2, request=UPLOAD)

    assert ran.counted.offered > 0
    assert ran.kinds() == {"ok": ran.counted.offered}
    assert set(begun) == {b"POST / HTTP/1.1\r\n"}


def test_an_answer_is_read_though_the_rest_of_its_request_can_t_be_sent() -> None:
    def refusing(_found: peers.Peer, connection: socket, _over: threading.Event) -> None:
        """Answers by the head alone, and closes the connection."""
        connection.recv(4096)
        connection.sendall(peers.ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    with peers.peer(refusing) as found, link_to(found.url) as link:
        ran = run_closed(link, users=2, length_s=0.1, request=UPLOAD)

    assert ran.counted.offered > 0
    assert ran.kinds() == {"ok": ran.counted.offered}
