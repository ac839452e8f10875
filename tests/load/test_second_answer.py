"""A server that answers twice is found by the probe: under load its figures would double."""

from __future__ import annotations

import threading
from socket import socket
from urllib.parse import urlsplit

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.load import probe as probing
from tests.load import peers


def twice(found: peers.Peer, connection: socket, over: threading.Event) -> None:
    """Answers, and answers again a moment later."""
    if peers.asked(found, connection):
        connection.sendall(peers.ANSWER)
        over.wait(0.01)
        connection.sendall(peers.ANSWER)


def once(found: peers.Peer, connection: socket, _over: threading.Event) -> None:
    """Answers, and closes the connection, as it was asked to."""
    if peers.asked(found, connection):
        connection.sendall(peers.ANSWER)


@pytest.mark.parametrize("scenario", ["hello", "get"])
@pytest.mark.parametrize(
    ("serve", "fault", "words"),
    [(twice, "excess", "GET /: more bytes came after the 13 of the body"), (once, "", "")],
)
def test_a_second_answer_is_found(
    serve: peers.Serve, fault: str, words: str, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than any machine takes to send it.
    monkeypatch.setattr(probing, "_LINGER_S", 30.0)
    with peers.peer(serve) as found:
        (place,) = probing.addresses(found.url)
        probed = probing.probe(place, urlsplit(found.url).netloc, SCENARIOS[scenario], 30.0)

    assert (probed.fault, probed.detail) == (fault, words)
