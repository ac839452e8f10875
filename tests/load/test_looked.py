"""What users take from answers is of the answer that came, however it was recognised."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import closing

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.connection import Connection
from bench.load.content import Oversized
from bench.load.likeness import Likeness
from bench.load.link import Link
from bench.load.looked import MOST_BYTES, LookedExchange
from bench.load.outcomes import CODE, OK
from bench.load.wire import Reply
from bench.model.scenario import AskedRequest, Capture

PAGE = AskedRequest("page", "/")
TOKEN = AskedRequest("page", "/", captures=(Capture("token", "regex", "token=(.*?);"),))


def exchange(asked: AskedRequest = TOKEN, likeness: Likeness | None = None) -> LookedExchange:
    return LookedExchange(Request("page", "GET", "/", Expect(200), asked=asked), 0, "host", False, likeness)


def received(asked: LookedExchange, answers: Sequence[bytes]) -> list[int]:
    """How each of these answers ended, each on a connection of its own that ends after it."""
    outcomes = []
    with closing(Link(socket.AF_INET, ("127.0.0.1", 1))) as link:
        for answer in answers:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            connection = Connection(ours, asked)
            link.active[connection.fd] = connection
            with ours:
                theirs.sendall(answer)
                done = link.receive(connection.fd)
                theirs.close()
                assert done or link.receive(connection.fd)
                outcomes.append(link.outcome)
            link.active.clear()
    return outcomes


def shows(token: str, filling: int = 0, *, sized: bool = True) -> bytes:
    body = f"token={token};".encode() + b"." * filling
    length = b"Content-Length: %d\r\n" % len(body) if sized else b""
    return b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + body


@pytest.mark.parametrize(
    "between",
    [
        [shows("other")],
        [shows("large", 5000), shows("larger", 6000)],
        [shows("unsized", sized=False)],
        [shows("huge", 1 << 17)],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ntoken=a;\r\n0\r\n\r\n"],
        [b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"],
    ],
    ids=["small", "large", "without a length", "in several reads", "in chunks", "wrong"],
)
@pytest.mark.parametrize("filling", [0, 5000], ids=["of a small one", "of a large one"])
def test_what_was_shown_before_is_shown_again(between: list[bytes], filling: int) -> None:
    """By the same answer, byte for byte, after others."""
    asked = exchange()
    first = shows("first", filling)
    outcomes = received(asked, [shows("before"), first, *between, first])
    assert outcomes[-1] == OK
    assert asked.seen.values == {"token": "first"}


def head(number: int, *cookies: str) -> bytes:
    lines = [f"set-COOKIE: {cookie}" for cookie in cookies]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, f"X-Id: {number}", "Content-Length: 2", "", "ok"]).encode()


def test_every_cookie_of_every_answer_is_taken() -> None:
    """Also where only some answers set one, or more: their heads say the same but for that."""
    likeness = Likeness()
    asked = exchange(PAGE, likeness)
    number = 0
    for _ in range(3):
        for cookies in ([], ["a=1"], [], ["a=2", "b=1"], ["c=1"], ["a=3", "b=2"], []):
            number += 1
            assert received(asked, [head(number, *cookies)]) == [OK]
            assert list(asked.seen.cookies) == cookies


def test_what_is_too_large_for_a_closer_look_is_said_to_be() -> None:
    asked = exchange(AskedRequest("page", "/", expect_headers=(("X-Id", "7"),)))
    reply = Reply(asked)
    reply.feed(b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: %d\r\n\r\n" % (MOST_BYTES + 1))
    for _ in range(MOST_BYTES >> 20):
        reply.feed(bytes(1 << 20))
    reply.feed(b"!")
    assert (reply.complete, reply.fault) == (True, "oversized")
    assert reply.words == str(Oversized("an answer that is looked at", MOST_BYTES))
    assert "16 MiB" in reply.words
    assert reply.fault in CODE
