"""The heads of answers like right ones are read for what differs; any others are left to the parser."""

from __future__ import annotations

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.exchange import Exchange
from bench.load.likeness import Likeness
from bench.load.wire import Reply

FOUND = Expect(302, location=b"/a")


def answer(identity: str, *, body: str = "page", extra: str = "", more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}"
    return f"HTTP/1.1 200 OK\r\nServer: x\r\nX-Id: {identity}\r\n{extra}{length}\r\n{more}\r\n{body}".encode()


def redirect(location: str, identity: str) -> bytes:
    fields = f"Location: {location}\r\nX-Id: {identity}\r\nContent-Length: 0"
    return f"HTTP/1.1 302 Found\r\n{fields}\r\n\r\n".encode()


def taught(*answers: bytes, expect: Expect | None = None, likeness: Likeness | None = None) -> Exchange:
    """What is asked with, after these right answers."""
    request = Request("page", "GET", "/", expect or Expect(200, contains=b"page"))
    exchange = Exchange(request, 0, "host", close=False, likeness=likeness)
    for each in answers:
        reply = Reply(exchange)
        reply.feed(each)
        assert reply.fault is None
        exchange.remember(reply)
    return exchange


def told(exchange: Exchange, data: bytes) -> bool:
    """Whether an answer is known to be right without being parsed."""
    begun = exchange.begun(data)
    return begun is not None and exchange.right(bytearray(data), begun)


@pytest.mark.parametrize(
    "other",
    [
        answer("3"),
        answer("longer"),
        answer(""),
        answer("3", body="page 3"),
        answer("3", body="a long page " * 1000),
    ],
)
def test_what_differs_is_read(other: bytes) -> None:
    assert told(taught(answer("1"), answer("2", body="a page")), other)


def test_nothing_differs_unless_it_was_seen_to_differ() -> None:
    assert not told(taught(answer("1")), answer("2"))


@pytest.mark.parametrize(
    "other",
    [
        answer("3", body="Page"),
        answer("3", body=""),
        answer("3").replace(b"Length: 4", b"Length: 5"),
        answer("3").replace(b"Length: 4", b"Length: 3"),
        answer("3").replace(b"Length: 4", b"Length: +4"),
        answer("3").replace(b"Length: 4", b"Length: 4, 4"),
        answer("3").replace(b"Length: 4", b"Length: " + b"9" * 5000),
        answer("3", extra="Connection: close\r\n"),
        answer("3", extra="Content-Length: 5\r\n"),
        answer("3\r\nTransfer-Encoding: chunked"),
        answer("3\nTransfer-Encoding: chunked"),
        answer("3\n folded"),
        answer("3\r\n\r\n"),
        answer("3\n\n"),
        answer("3\nno colon"),
        answer("3\0"),
        answer("3") + b"more",
        answer("3")[:-1],
        answer("3").replace(b"200", b"201"),
        answer("3").replace(b"1.1", b"1.0"),
        answer("3").replace(b"Server: x", b"Server: y"),
        answer("3")[:20],
        b"",
    ],
)
def test_anything_else_is_left_to_the_parser(other: bytes) -> None:
    assert not told(taught(answer("1"), answer("2", body="a page")), other)


@pytest.mark.parametrize(
    "other",
    [
        answer("2", more="Content-Type: text/plain\r\n"),
        answer("1", more="Content-Type: text/html\r\nX-Id: 2\r\n"),
        answer("1").replace(b"Server", b"Vendor"),
    ],
)
def test_a_field_that_counts_or_another_one_makes_another_kind(other: bytes) -> None:
    exchange = taught(answer("1"), other)
    for own in (answer("1"), other):
        assert told(exchange, own)
    assert not told(exchange, answer("3"))


def test_fields_that_come_with_some_answers_only_make_no_difference() -> None:
    timed = [answer(str(n), extra=f"Server-Timing: {n}\r\n") for n in range(3)]
    exchange = taught(answer("1"), timed[0], answer("2"), timed[1])
    assert told(exchange, answer("3"))
    assert told(exchange, timed[2])


def test_a_place_that_differs_is_held_to_what_is_expected() -> None:
    exchange = taught(
        redirect("/a?1", "1"),
        redirect("/a?2", "2"),
        expect=Expect(range(300, 400), location=None),
    )
    assert told(exchange, redirect("/b", "3"))
    other = taught(expect=FOUND, likeness=exchange.likeness)
    assert told(other, redirect("/a", "3"))
    assert not told(other, redirect("/b", "3"))


def test_what_one_request_is_answered_rightly_is_not_right_of_every_other() -> None:
    known = taught(redirect("/a", "1"), expect=FOUND).likeness
    assert not told(taught(expect=Expect(302, location=b"/b"), likeness=known), redirect("/a", "1"))
    assert not told(taught(expect=Expect(200), likeness=known), redirect("/a", "1"))


def test_so_many_kinds_are_known_and_no_more() -> None:
    kinds = [answer("1", extra="X-More: 1\r\n" * number) for number in range(20)]
    exchange = taught(*kinds)
    assert [told(exchange, kind) for kind in kinds] == [False] * 12 + [True] * 8
