"""Answers in parts, while other connections bring other answers to the same request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from socket import SHUT_WR, create_server, socket

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.outcomes import CODE, INCOMPLETE, KINDS
from tests.load.trials import PAGE, link_to

BODY = PAGE.expect.body or b""


def answer(date: str, body: bytes = BODY) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def address(listening: socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


OLD, NEW = answer("one"), answer("two")
CUT = OLD.index(b"one")
"""Up to here both are the same."""


@dataclass(frozen=True)
class Pair:
    """A client's side and the server's side of one connection, whose request was sent."""

    fd: int
    server: socket


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(PAGE, 0, "here", close=False)


@pytest.fixture
def link(exchange: Exchange) -> Iterator[tuple[Link, Pair, Pair]]:
    """Two connections; the answer to the first's first request was `OLD`, and both wait for another."""
    with create_server(("127.0.0.1", 0)) as listening, link_to(address(listening)) as found:
        pairs = []
        for _ in range(2):
            before = set(found.active)
            assert found.begin(exchange, 0, 0) == INCOMPLETE
            (fd,) = set(found.active) - before
            pairs.append(Pair(fd, listening.accept()[0]))
        one, other = pairs
        with closing(one.server), closing(other.server):
            assert tell(found, one, OLD) == "ok"
            assert found.again(found.active[one.fd], exchange, 0) == INCOMPLETE
            yield found, one, other


def tell(link: Link, pair: Pair, data: bytes) -> str | None:
    """How the request ended with these bytes; None if it waits for more."""
    pair.server.sendall(data)
    ((fd, _),) = link.poll(5)
    assert fd == pair.fd
    return None if link.receive(fd) is None else KINDS[link.outcome]


def test_what_began_like_an_older_answer_may_end_like_it(
    exchange: Exchange, link: tuple[Link, Pair, Pair]
) -> None:
    links, one, other = link
    assert tell(links, one, OLD[:CUT]) is None
    assert tell(links, other, NEW) == "ok"
    assert exchange.good == NEW
    assert tell(links, one, OLD[CUT:]) == "ok"
    assert exchange.good == OLD
    assert links.active[one.fd].keeps


def test_what_began_like_an_older_answer_may_end_like_the_new_one(link: tuple[Link, Pair, Pair]) -> None:
    links, one, other = link
    assert tell(links, one, OLD[:CUT]) is None
    assert tell(links, other, NEW) == "ok"
    assert tell(links, one, NEW[CUT:]) == "ok"


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ((OLD[:CUT], OLD[CUT:-1] + b"?"), "body"),
        ((OLD[:CUT], OLD[CUT:] + b"more"), "excess"),
        ((OLD[:CUT], b"t", b"wo" + OLD[CUT + 3 : -1], b"?"), "body"),
    ],
)
def test_what_ends_otherwise_is_judged_by_all_of_it(
    parts: tuple[bytes, ...], kind: str, link: tuple[Link, Pair, Pair]
) -> None:
    links, one, _ = link
    *first, last = parts
    assert [tell(links, one, part) for part in first] == [None] * len(first)
    assert tell(links, one, last) == kind


def test_after_an_answer_in_parts_the_next_starts_anew(
    exchange: Exchange, link: tuple[Link, Pair, Pair]
) -> None:
    links, one, _ = link
    for _ in range(3):
        assert tell(links, one, OLD[:CUT]) is None
        assert tell(links, one, OLD[CUT:]) == "ok"
        assert links.again(links.active[one.fd], exchange, 0) == INCOMPLETE
    # The requests are unread.
    one.server.shutdown(SHUT_WR)
    one.server.close()
    ((fd, _event),) = links.poll(5)
    assert links.receive(fd) is None, "a kept connection that ends without a byte is opened again"
    assert links.lost == 1


def test_an_answer_that_is_longer_than_what_is_read_at_once() -> None:
    body = bytes(range(256)) * 1000
    exchange = Exchange(Request("large", "GET", "/", Expect(200, body=body)), 0, "here", close=False)
    large = answer("one", body)
    outcomes = []
    with create_server(("127.0.0.1", 0)) as listening, link_to(address(listening)) as links:
        assert links.begin(exchange, 0, 0) == INCOMPLETE
        (fd,) = links.active
        with listening.accept()[0] as server:
            for sent in (large, large, large[:-1] + b"?"):
                sending = threading.Thread(target=server.sendall, args=(sent,))
                sending.start()
                connection = None
                while connection is None:
                    assert links.poll(5)
                    connection = links.receive(fd)
                sending.join()
                outcomes.append(KINDS[links.outcome])
                assert links.again(connection, exchange, 0) == INCOMPLETE
    assert outcomes == ["ok", "ok", "body"]
    assert exchange.good is None, "to compare so much costs more than to read it"


def test_an_end_in_the_middle_is_truncated(link: tuple[Link, Pair, Pair]) -> None:
    links, one, _ = link
    assert tell(links, one, OLD[:CUT]) is None
    one.server.shutdown(SHUT_WR)
    ((fd, _),) = links.poll(5)
    assert links.receive(fd) is not None
    assert links.outcome == CODE["truncated"]
