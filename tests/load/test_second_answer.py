"""A server that answers twice is found, by the probe or under load: its figures would double."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.load import probe as probing
from bench.load.client import LoadDriver
from bench.load.wrong import UNASKED
from bench.model import Open
from tests.load import peers
from tests.load.test_driver import COMMAND, ROOT, target, trial
from tests.load.trials import link_to, run_closed

LATE_S = 0.05
MORE = "GET /: more bytes came after the 13 of the body"


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


def twice_where_kept(_found: peers.Peer, connection: socket, over: threading.Event) -> None:
    """Answers again a moment later, but not on a connection that was asked to end."""
    with connection.makefile("rb") as lines:
        head: list[bytes] = []
        for line in lines:
            head.append(line.lower())
            if line == b"\r\n":
                connection.sendall(peers.ANSWER)
                if b"connection: close\r\n" in head:
                    return
                over.wait(LATE_S)
                connection.sendall(peers.ANSWER)
                head.clear()


@pytest.mark.parametrize("scenario", ["hello", "get"])
@pytest.mark.parametrize(
    ("serve", "fault", "words"),
    [(twice, "excess", MORE), (twice_where_kept, "excess", MORE), (once, "", "")],
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


def taking_leave(found: peers.Peer, connection: socket, over: threading.Event) -> None:
    """Answers, and says after a while that nothing more has come."""
    connection.settimeout(0.1)
    try:
        peers.right(found, connection, over)
    except TimeoutError:
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")


def test_an_answer_that_is_left_over_is_seen() -> None:
    with peers.peer(twice_where_kept) as found, link_to(found.url) as link:
        run_closed(link, users=1, length_s=0.02)
        before = link.unasked
        link.poll(30.0)
        link.refresh()

    assert (before, link.unasked) == (0, 1)


def test_answers_to_nothing_are_errors_of_a_trial(tmp_path: Path) -> None:
    with (
        LoadDriver(COMMAND, os.environ, ROOT, (), tmp_path / "driver.log") as driver,
        peers.peer(twice_where_kept) as found,
    ):
        driver.set_targets([target("a", found.url)], store=None)
        # How much comes while a trial still looks, the machine decides.
        trials = (t for _ in range(100) for t in list(driver.block([trial("a", Open(64, rate=100.0))])))
        seen = next(t for t in trials if UNASKED in t.wrong)
        driver.set_targets([], store=None)

    assert seen.errors.keys() == {"excess"}
    assert seen.failed == seen.errors["excess"] == seen.offered - seen.ok >= seen.wrong[UNASKED]


def test_who_takes_leave_has_answered_nothing() -> None:
    with peers.peer(taking_leave) as found, link_to(found.url) as link:
        run_closed(link, users=1, length_s=0.0)
        link.poll(30.0)
        link.refresh()

    assert link.unasked == 0
