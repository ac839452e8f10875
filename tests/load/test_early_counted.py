"""Answers to requests that were not sent whole are right, and counted by themselves."""

from __future__ import annotations

import threading
from dataclasses import replace
from socket import socket

import pytest

from bench.analysis import analyse
from bench.report.outcome import validity
from tests.load.peers import ANSWER, Peer, peer
from tests.load.trials import PAGE, link_to, run_closed
from tests.make_suite import make_suite

POST = replace(PAGE, method="POST", body=b"x" * 8_000_000)
WORDS = "before they were sent whole"


def unread(_: Peer, connection: socket, _over: threading.Event) -> None:
    connection.recv(1 << 10)
    connection.sendall(ANSWER)


def read(_: Peer, connection: socket, _over: threading.Event) -> None:
    left = len(POST.encode("x", close=False))
    while left > 0 and (data := connection.recv(1 << 20)):
        left -= len(data)
    connection.sendall(ANSWER)


def test_they_are_counted_of_a_server_that_does_not_read_the_request() -> None:
    with peer(unread) as server, link_to(server.url) as link:
        ran = run_closed(link, users=2, length_s=0.05, request=POST)
        assert ran.kinds()["ok"] <= link.tally().early
    with peer(read) as server, link_to(server.url) as link:
        run_closed(link, users=2, length_s=0.05, request=POST)
        assert link.tally().early == 0


@pytest.mark.parametrize(("early", "said"), [(0, False), (1, False), (10**6, True)])
def test_they_are_said(early: int, said: bool) -> None:
    suite = make_suite({"gunicorn": 1000.0}, histograms=False)
    first, *rest = suite.trials
    suite = replace(suite, trials=(replace(first, early=early), *rest))
    lines = validity(suite, analyse(suite), ()).paragraphs
    assert any(f"gunicorn answered {early:,} requests {WORDS}" in line for line in lines) is said
