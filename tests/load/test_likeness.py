"""Answers that differ in fields which say nothing of them are told from those that differ otherwise."""

from __future__ import annotations

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.likeness import likeness
from bench.load.wire import Exchange, Reply


def answer(identity: str, *, body: str = "page", extra: str = "", more: str = "") -> bytes:
    length = f"Content-Length: {len(body)}"
    return f"HTTP/1.1 200 OK\r\nServer: x\r\nX-Id: {identity}\r\n{extra}{length}\r\n{more}\r\n{body}".encode()


ONE = answer("1")


@pytest.mark.parametrize("other", [answer("2"), answer("longer"), answer("2", extra="X-More: 1\r\n")])
def test_a_field_that_says_nothing_may_differ(other: bytes) -> None:
    found = likeness(ONE, other)
    assert found is not None
    for alike in (ONE, other, answer("3", extra="Date: today\r\nX-More: yes\r\n")):
        assert found.holds(bytearray(alike))


@pytest.mark.parametrize(
    "other",
    [
        answer("2", body="Page"),
        answer("2", body="longer"),
        answer("2", extra="Connection: close\r\n"),
        answer("2", extra="Location: /\r\n"),
        answer("2", extra="Content-Length : 5\r\n"),
        answer("2", extra="Transfer-Encoding: chunked\r\n"),
        answer("2", extra=" folded\r\n"),
        answer("2", extra=" folded: x\r\n"),
        answer("2", extra="\r\n"),
        answer("2", extra="no colon\r\n"),
        answer("2\0"),
        answer("2") + b"more",
        answer("2")[:-1],
        answer("2").replace(b"200", b"201"),
        answer("2").replace(b"1.1", b"1.0"),
        ONE[:20],
    ],
)
def test_anything_else_may_not(other: bytes) -> None:
    found = likeness(ONE, answer("2"))
    assert found is not None
    assert not found.holds(bytearray(other))


@pytest.mark.parametrize(
    "other",
    [
        answer("1", body="Page"),
        answer("1", body="longer"),
        answer("1", more="Connection: close\r\n"),
        ONE.replace(b"200", b"201"),
        ONE.replace(b"Server: x\r\n", b"Server: x\r\n folded\r\n"),
    ],
)
def test_no_kind_is_made_of_answers_that_differ_in_what_counts(other: bytes) -> None:
    assert likeness(ONE, other) is None


def test_a_body_that_looks_like_fields_is_no_head() -> None:
    one, other = answer("1", body="a: b\nc: d"), answer("1", body="a: x\nc: d")
    assert likeness(one, other) is None


def test_numbered_answers_are_parsed_at_first_only() -> None:
    exchange = Exchange(Request("page", "GET", "/", Expect(200, body=b"page")), 0, "host", close=False)
    for number in (1, 2):
        assert not exchange.like(bytearray(answer(str(number))))
        reply = Reply(exchange)
        reply.feed(answer(str(number)))
        exchange.remember(reply)
    assert exchange.like(bytearray(answer("3")))
    assert not exchange.like(bytearray(answer("4", body="Page")))
