"""Responses of every framing and every fault, cut at every byte: the verdict never depends on the cut."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.exchange import Exchange
from bench.load.wire import Reply

PAGE = Expect(200, body=b"Hello, World!")


@dataclass(frozen=True)
class Sample:
    """A response as it arrives, and what is to be said of it.

    Attributes:
        end: whether the server closes the connection after it.
    """

    name: str
    data: bytes
    fault: str | None = None
    keeps: bool = False
    end: bool = False
    expect: Expect = PAGE
    method: str = "GET"


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 2\r\n\r\nok"
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Length: 13\r\n\r\n"
RIGHT = [
    Sample("length", HEAD + b"Hello, World!", keeps=True),
    Sample("length-http10", b"HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!"),
    Sample(
        "kept-http10",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 13\r\n\r\nHello, World!",
        keeps=True,
    ),
    Sample(
        "announced-close", b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length:13\r\n\r\nHello, World!"
    ),
    Sample("to-close-http10", b"HTTP/1.0 200 OK\r\n\r\nHello, World!", end=True),
    Sample(
        "to-close-http11",
        b"HTTP/1.1 200 OK\r\nServer: wsgiref\r\nConnection: close\r\n\r\nHello, World!",
        end=True,
    ),
    Sample("empty-to-close", b"HTTP/1.0 200 OK\r\n\r\n", end=True, expect=Expect(200, body=b"")),
    Sample(
        "empty", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", keeps=True, expect=Expect(200, body=b"")
    ),
    Sample(
        "chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n8;a=b\r\n, World!\r\n0\r\n\r\n",
        keeps=True,
    ),
    Sample(
        "chunked-with-trailer",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\nD\r\nHello, World!\r\n0\r\nA: b\r\n\r\n",
        keeps=True,
    ),
    Sample("interim", b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Hello, World!", keeps=True),
    Sample(
        "two-interims",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLocation: /no\r\n\r\n"
        + REDIRECT,
        keeps=True,
        expect=Expect(302, location=b"/a"),
    ),
    Sample("no-content", b"HTTP/1.1 204 No Content\r\n\r\n", keeps=True, expect=Expect(204, body=b"")),
    Sample(
        "not-modified",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 13\r\n\r\n",
        keeps=True,
        expect=Expect(304, body=b""),
    ),
    Sample("head", HEAD, keeps=True, expect=Expect(200, body=b""), method="HEAD"),
    Sample(
        "head-close",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\n",
        expect=Expect(200),
        method="HEAD",
    ),
    Sample(
        "head-chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        keeps=True,
        expect=Expect(200),
        method="HEAD",
    ),
    Sample(
        "head-interim",
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD,
        keeps=True,
        expect=Expect(200),
        method="HEAD",
    ),
    Sample("head-without-a-length", OK + b"\r\n", keeps=True, expect=Expect(200), method="HEAD"),
    Sample(
        "head-without-a-length-1.0",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
        keeps=True,
        expect=Expect(200),
        method="HEAD",
    ),
    Sample(
        "close-comes-before-keep-alive",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 13\r\n\r\nHello, World!",
    ),
    Sample("newer", b"HTTP/1.2 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!", keeps=True),
    Sample("redirect", REDIRECT, keeps=True, expect=Expect(302, location=b"/a")),
    Sample(
        "redirect-pattern",
        REDIRECT,
        keeps=True,
        expect=Expect(range(300, 400), location=re.compile(rb"/[a-z]"), contains=b"o"),
    ),
]
WRONG = [
    Sample(
        "status", b"HTTP/1.1 500 Oh\r\nContent-Length: 13\r\n\r\nHello, World!", fault="status", keeps=True
    ),
    Sample("body", HEAD + b"hELLO, wORLD!", fault="body", keeps=True),
    Sample("no-body", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", fault="body", keeps=True),
    Sample("location", REDIRECT, fault="location", keeps=True, expect=Expect(302, location=b"/b")),
    Sample(
        "no-location",
        HEAD + b"Hello, World!",
        fault="location",
        keeps=True,
        expect=Expect(200, location=b"/"),
    ),
    Sample("truncated-in-body", HEAD + b"Hello, ", fault="truncated", end=True),
    Sample("truncated-in-head", HEAD[:-5], fault="truncated", end=True),
    Sample("truncated-in-status", HEAD[:6], fault="truncated", end=True),
    Sample(
        "truncated-in-chunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nD\r\nHello",
        fault="truncated",
        end=True,
    ),
    Sample(
        "truncated-before-last-chunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nD\r\nHello, World!\r\n",
        fault="truncated",
        end=True,
    ),
    Sample("truncated-after-interim", b"HTTP/1.1 100 Continue\r\n\r\n", fault="truncated", end=True),
    Sample("truncated-head", HEAD[:-1], fault="truncated", end=True, expect=Expect(200), method="HEAD"),
    Sample("short-to-close", b"HTTP/1.0 200 OK\r\n\r\nHello", fault="body", end=True),
    Sample("not-http", b"SSH-2.0-OpenSSH_9.2\r\n", fault="malformed"),
    Sample("no-status", b"HTTP/1.1 OK\r\n\r\n", fault="malformed"),
    Sample("bad-header", b"HTTP/1.1 200 OK\r\nA b\r\n\r\n", fault="malformed"),
    Sample("two-lengths", HEAD[:-2] + b"Content-Length: 12\r\n\r\nHello, World!", fault="malformed"),
    Sample("bad-length", b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\nHello", fault="malformed"),
    Sample(
        "bad-chunk",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nHello",
        fault="malformed",
    ),
    Sample(
        "upgrade", b"HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n", fault="malformed"
    ),
    Sample(
        "chunk-longer-than-its-size",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nHello",
        fault="malformed",
    ),
    Sample("excess", HEAD + b"Hello, World!more", fault="excess"),
    Sample("excess-after-a-line-end", HEAD + b"Hello, World!\r\nmore", fault="excess"),
    Sample("excess-response", (HEAD + b"Hello, World!") * 2, fault="excess"),
    Sample(
        "excess-after-close",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\nHello, World!more",
        fault="excess",
    ),
    Sample(
        "excess-after-chunks",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nD\r\nHello, World!\r\n0\r\n\r\nmore",
        fault="excess",
    ),
    Sample(
        "no-content-with-body",
        b"HTTP/1.1 204 No Content\r\n\r\nmore",
        fault="excess",
        expect=Expect(204),
    ),
    Sample("head-with-body", HEAD + b"Hello, World!", fault="excess", expect=Expect(200), method="HEAD"),
    Sample(
        "head-with-body-like-a-head",
        HEAD + b"Hello\r\n\r\n",
        fault="excess",
        expect=Expect(200),
        method="HEAD",
    ),
    Sample("status-then-excess", b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\nmore", fault="status"),
]


def reply_to(sample: Sample) -> Reply:
    return Reply(Exchange(Request("page", sample.method, "/", sample.expect), 0, "host", close=False))


def feed(sample: Sample, cuts: tuple[int, ...]) -> Reply:
    """What comes of a response that arrives in pieces."""
    reply = reply_to(sample)
    for start, end in zip((0, *cuts), (*cuts, len(sample.data)), strict=True):
        reply.feed(sample.data[start:end])
    if sample.end:
        reply.end()
    return reply


@pytest.mark.parametrize("sample", RIGHT + WRONG, ids=lambda sample: sample.name)
def test_the_verdict_is_the_same_wherever_it_is_cut(sample: Sample) -> None:
    inner = range(1, len(sample.data))
    every_cut = [(), *((cut,) for cut in inner), *combinations(inner, 2), tuple(inner)]
    for cuts in every_cut:
        reply = feed(sample, cuts)
        assert reply.complete, cuts
        assert (reply.fault, reply.keeps) == (sample.fault, sample.keeps), cuts


@pytest.mark.parametrize("sample", RIGHT, ids=lambda sample: sample.name)
def test_a_right_response_is_complete_with_its_last_byte_and_no_sooner(sample: Sample) -> None:
    reply = reply_to(sample)
    for position in range(len(sample.data)):
        assert not reply.complete, position
        reply.feed(sample.data[position : position + 1])
    assert reply.complete is not sample.end
    reply.end()
    assert reply.complete
    assert reply.fault is None


@pytest.mark.parametrize("after", [b"\r\n", b"\n\r\n"])
@pytest.mark.parametrize("sample", [s for s in RIGHT if not s.end], ids=lambda sample: sample.name)
def test_line_ends_after_a_response_are_let_pass(sample: Sample, after: bytes) -> None:
    """Others let them pass, too; what is remembered is without them."""
    followed = replace(sample, data=sample.data + after)
    for cut in range(1, len(followed.data)):
        reply = feed(followed, (cut,))
        assert (reply.complete, reply.fault, reply.keeps) == (True, None, sample.keeps), cut
        assert reply.raw == sample.data


@pytest.mark.parametrize("sample", [s for s in RIGHT if not s.end], ids=lambda sample: sample.name)
def test_every_beginning_of_a_framed_response_is_truncated(sample: Sample) -> None:
    for length in range(1, len(sample.data)):
        reply = reply_to(sample)
        reply.feed(sample.data[:length])
        reply.end()
        assert (reply.complete, reply.fault, reply.keeps) == (True, "truncated", False), length


def test_a_request_has_what_http_asks_for_and_nothing_twice() -> None:
    request = Request("new", "POST", "/a?b=c", PAGE, b"url=x", {"Content-Type": "a/b"})
    kept, closed = (Exchange(request, 3, "host:80", close).payload for close in (False, True))
    head, _, body = closed.partition(b"\r\n\r\n")
    assert body == b"url=x"
    assert head.split(b"\r\n") == [
        b"POST /a?b=c HTTP/1.1",
        b"Host: host:80",
        b"Accept: */*",
        b"Content-Type: a/b",
        b"Content-Length: 5",
        b"Connection: close",
    ]
    assert kept == closed.replace(b"Connection: close\r\n", b"")


def test_a_post_without_a_body_says_so_and_a_get_does_not() -> None:
    assert b"\r\nContent-Length: 0\r\n" in Request("a", "POST", "/", PAGE).encode("host", close=False)
    assert b"Content-Length" not in Request("a", "GET", "/", PAGE).encode("host", close=False)
