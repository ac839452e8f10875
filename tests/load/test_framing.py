"""What RFC 9112 lets a client take is taken; the rest is refused, in words for what is wrong with it."""

from __future__ import annotations

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.load.content import MOST_BYTES
from bench.load.exchange import Exchange
from bench.load.explain import wrong
from bench.load.head import MOST_HEAD_BYTES
from bench.load.wire import Reply

BODY = b"Hello, World!"
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 13\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"d\r\n" + BODY + b"\r\n0\r\n\r\n"


def exchange(method: str = "GET", expect: Expect | None = None) -> Exchange:
    return Exchange(Request("page", method, "/", expect or Expect(200, body=BODY)), 0, "host", close=False)


def received(data: bytes, size: int, *, ends: bool, asked: Exchange) -> Reply:
    """What comes of an answer that arrives in parts of this size."""
    reply = Reply(asked)
    for start in range(0, len(data), size):
        if not reply.complete:
            reply.feed(memoryview(bytearray(data[start : start + size])))
    if ends:
        reply.end()
    return reply


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("answer", "keeps"),
    [
        (OK + LENGTH * 2 + b"\r\n" + BODY, True),
        (OK + b"Content-Length: 13, 13\r\n\r\n" + BODY, True),
        (OK + b"Content-Length: 0013\r\n\r\n" + BODY, True),
        (OK + b"Content-Length : 13\r\n\r\n" + BODY, True),
        (OK + b"X-A : b\r\n" + LENGTH + b"\r\n" + BODY, True),
        (OK + b"X-A: b\r\n  c\r\n\td\r\n" + LENGTH + b"\r\n" + BODY, True),
        (OK + b"Content-Length:\r\n 13\r\n\r\n" + BODY, True),
        (OK + "X-Name: J\xfcrgen\r\n".encode("latin-1") + LENGTH + b"\r\n" + BODY, True),
        (b"HTTP/1.1 200 OK\nContent-Length: 13\n\n" + BODY, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 13\n\r\n" + BODY, True),
        (b"HTTP/1.1 200 OK\nContent-Length: 13\n\r\n" + BODY, True),
        (b"HTTP/1.1 200\r\nContent-Length:13\r\n\r\n" + BODY, True),
        (b"HTTP/1.1  200 \r\nContent-Length:13\r\n\r\n" + BODY, True),
        (b"\r\n" + OK + LENGTH + b"\r\n" + BODY, True),
        (OK + LENGTH + b"Connection: Upgrade, Keep-Alive\r\nUpgrade: h2c\r\n\r\n" + BODY, True),
        (OK + LENGTH + b"Connection: x\r\nConnection: Close\r\n\r\n" + BODY, False),
        (OK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + BODY, True),
        (OK + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS, True),
        (OK + b"Transfer-Encoding: gzip, Chunked\r\n\r\n" + CHUNKS, True),
        (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, False),
        (CHUNKED + b"d  \r\n" + BODY + b"\r\n0\t\r\n\r\n", True),
        (CHUNKED + b"D;a=b;c\r\n" + BODY + b"\r\n00\r\nX-Sum: 1\r\nB: 2\r\n\r\n", True),
        (CHUNKED + b"5\nHello\n8\n, World!\n0\n\n", True),
        (OK + b"".join(b"X-%d: v\r\n" % i for i in range(800)) + LENGTH + b"\r\n" + BODY, True),
    ],
)
def test_what_a_client_may_take_is_taken(answer: bytes, keeps: bool, size: int) -> None:
    reply = received(answer, size, ends=False, asked=exchange())
    assert (reply.complete, reply.fault, reply.words) == (True, None, "")
    assert (reply.keeps, reply.size) == (keeps, len(BODY))


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    "head",
    [
        OK + b"Transfer-Encoding: identity\r\nConnection: close\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n",
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
        OK + b"Content-Type: text/plain\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n",
    ],
)
def test_a_body_whose_length_is_not_said_ends_with_the_connection(head: bytes, size: int) -> None:
    before = received(head + BODY, size, ends=False, asked=exchange())
    assert not before.complete
    assert before.progress() == "the head and 13 bytes of a body without a length"
    after = received(head + BODY, size, ends=True, asked=exchange())
    assert (after.complete, after.fault, after.keeps) == (True, None, False)


@pytest.mark.parametrize(
    ("head", "method"),
    [
        (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 13\r\n\r\n", "GET"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n", "GET"),
        (b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "GET"),
        (OK + b"Content-Length: 99999999999999999999\r\n\r\n", "HEAD"),
    ],
)
def test_an_answer_without_a_body_is_complete_with_its_head(head: bytes, method: str) -> None:
    asked = exchange(method, Expect(range(200, 400)))
    reply = received(head, 5, ends=False, asked=asked)
    assert (reply.complete, reply.fault, reply.keeps, reply.size) == (True, None, True, 0)


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        (
            OK + LENGTH + b"Content-Length: 12\r\n\r\n",
            "malformed",
            "two different Content-Length fields: 12 and 13",
        ),
        (
            OK + b"Content-Length: 13, 12\r\n\r\n",
            "malformed",
            "two different Content-Length fields: 12 and 13",
        ),
        (OK + b"Content-Length: +13\r\n\r\n", "malformed", "a Content-Length that isn't a number: +13"),
        (OK + b"Content-Length: \r\n\r\n", "malformed", "a Content-Length that isn't a number: nothing"),
        (OK + b"X-A: a\x00b\r\n" + LENGTH + b"\r\n", "malformed", "a header field with a NUL byte: X-A: a.b"),
        (OK + b"no colon\r\n\r\n", "malformed", "a header line without a name and a colon: no colon"),
        (OK + b" X: y\r\n\r\n", "malformed", "a line that begins with a space before the first header field"),
        (
            b"HTTP/2 200\r\n\r\n",
            "malformed",
            "a status line that isn't one of HTTP/1.0 or HTTP/1.1: HTTP/2 200",
        ),
        (
            b"HTTP/1.1 OK\r\n\r\n",
            "malformed",
            "a status line that isn't one of HTTP/1.0 or HTTP/1.1: HTTP/1.1 OK",
        ),
        (
            b"HTTP/1.1 101 Sw\r\n\r\n",
            "malformed",
            "status 101: it switches to a protocol that wasn't asked for",
        ),
        (BODY, "malformed", "an HTTP/0.9 answer without a status line: Hello, World!"),
        (b"<h1>J\xc3\xbcrgen</h1>\n", "malformed", "an HTTP/0.9 answer without a status line: <h1>J"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "malformed", "the bytes of a TLS alert: is this an https port?"),
        (bytes((0, 0, 0x12, 4, 0, 0, 0, 0, 0, 0)), "malformed", "an HTTP/2 preface"),
        (
            b"http/1.1 200 OK\r\nX: y\r\n\r\n",
            "malformed",
            "a status line that isn't one of HTTP/1.0 or HTTP/1.1: http/1.1 200 OK",
        ),
        (b"ICY 200 OK\r\n", "malformed", "a status line that isn't one of HTTP/1.0 or HTTP/1.1: ICY 200 OK"),
        (BODY + OK, "malformed", "13 bytes before the status line: Hello, World!"),
        (b"\xef\xbb\xbf" + OK, "malformed", "3 bytes before the status line: ef bb bf"),
        (b"220 mail ESMTP\r\n", "malformed", "the greeting of a server for mail or files: 220 mail ESMTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "malformed", "the greeting of an SSH server: SSH-2.0-OpenSSH_9.2"),
        (b"-ERR unknown command\r\n", "malformed", "what a Redis server says: -ERR unknown command"),
        (b"J\x00\x00\x00\x0a8.0", "malformed", "8 bytes that aren't HTTP, which begin with 4a 00 00 00 0a"),
        (CHUNKED + b"+d\r\n", "malformed", "a chunk size that isn't hexadecimal: +d"),
        (CHUNKED + b"\r\n", "malformed", "a chunk size that isn't hexadecimal: an empty line"),
        (CHUNKED + b"2\r\nabc\r\n", "malformed", "a chunk that is longer than its size: c"),
        (
            OK + b"Content-Length: 20\r\n\r\n" + BODY,
            "truncated",
            "after the head and 13 of 20 bytes of the body",
        ),
        (CHUNKED + b"f\r\n" + BODY, "truncated", "after the head and 13 bytes of a body in chunks"),
        (OK, "truncated", "it closed the connection after 17 bytes of the head"),
        (b"", "closed", "it closed the connection without an answer"),
        (OK + b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1), "oversized", "a body of more than 256 MiB"),
        (OK + b"Content-Length: 99999999999999999999\r\n\r\n", "oversized", "a body of more than 256 MiB"),
        (CHUNKED + b"fffffffff\r\n", "oversized", "a body of more than 256 MiB"),
        (OK + b"X: " + b"y" * MOST_HEAD_BYTES, "oversized", "a head of more than 1 MiB"),
        (INTERIM * (MOST_HEAD_BYTES // 20), "oversized", "interim answers or blank lines of more than 1 MiB"),
        (b"\r\n" * MOST_HEAD_BYTES, "oversized", "interim answers or blank lines of more than 1 MiB"),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * MOST_HEAD_BYTES, "oversized", "trailers of more than 1 MiB"),
        (INTERIM + OK, "truncated", "25 bytes of interim answers or blank lines, and 17 of a head"),
        (
            "HTTP/1.1 500 Ошибка\r\nContent-Length: 6\r\n\r\n日本".encode(),
            "status",
            'got status 500 Ошибка, a body of 6 bytes that begins "日本"',
        ),
        (
            b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
            "status",
            'expected status 200, the body "Hello, World!"; got status 500 Oh, a body of 2 bytes that begins '
            '"no"',
        ),
        (OK + b"Content-Length: 0\r\n\r\n", "body", "got status 200 OK, an empty body"),
        (
            b"\r\n" + INTERIM + b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
            "status",
            'a body of 2 bytes that begins "no"',
        ),
        (
            b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n1\r\n!\r\n0\r\n\r\n",
            "status",
            'a body of 3 bytes that begins "no!"',
        ),
    ],
)
def test_what_is_refused_is_said_in_words(answer: bytes, fault: str, words: str) -> None:
    asked = exchange()
    reply = received(answer, 1000, ends=True, asked=asked)
    assert (reply.complete, reply.fault, reply.keeps) == (True, fault, fault in ("status", "body"))
    said = wrong(reply, asked, answer[:4096])
    assert words in said
    assert not any(sign in said for sign in ("b'", 'b"', "\\x", "range(", "re.compile"))


@pytest.mark.parametrize(
    ("answer", "method", "words"),
    [
        (OK + b"Content-Length: 3\r\n\r\n" + BODY, "GET", "more bytes came after the 3 of the body"),
        (b"HTTP/1.1 204 No\r\n\r\nnull", "GET", "a body came, which no answer with status 204 has"),
        (OK + LENGTH + b"\r\n" + BODY, "HEAD", "a body came, which no answer to HEAD has"),
    ],
)
def test_what_comes_after_the_end_is_said(answer: bytes, method: str, words: str) -> None:
    asked = exchange(method, Expect(range(200, 400)))
    reply = received(answer, 1000, ends=False, asked=asked)
    assert (reply.fault, wrong(reply, asked, answer)) == ("excess", words)


def test_a_location_that_differs_is_named() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    asked = exchange(expect=Expect(302, location=b"/home"))
    reply = received(answer, 1000, ends=False, asked=asked)
    assert wrong(reply, asked, answer) == (
        "expected status 302, the location /home; got status 302 Found, the location /login, an empty body"
    )


def test_any_of_several_statuses_is_said_as_people_say_it() -> None:
    answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    asked = exchange(expect=Expect(range(200, 400)))
    assert wrong(received(answer, 9, ends=False, asked=asked), asked, answer) == (
        "expected a status from 200 to 399; got status 503 Busy, an empty body"
    )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_a_body_holds_is_found_wherever_it_is_cut(size: int) -> None:
    for contains, fault in ((b"o, W", None), (b"o, w", "body"), (b"", None), (BODY + b"!", "body")):
        asked = exchange(expect=Expect(200, contains=contains))
        assert received(CHUNKED + CHUNKS, size, ends=False, asked=asked).fault == fault


def test_no_body_is_kept_of_an_answer_that_never_ends() -> None:
    reply = Reply(exchange(expect=Expect(200)))
    reply.feed(OK + b"\r\n")
    piece = memoryview(bytearray(1 << 24))
    for _ in range(MOST_BYTES >> 24):
        reply.feed(piece)
        assert not reply.complete
    assert reply.raw is None
    reply.feed(piece)
    assert (reply.complete, reply.fault) == (True, "oversized")
