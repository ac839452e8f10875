"""Pages that differ each time, right and wrong ones, and what the generator says of each.

`scripts/mutate answers [HOW MANY [FIRST SEED]]` puts so many wrong answers, each among right ones of its kind
and cut anywhere, before a link that knows these, and before a parser that has seen nothing.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from socket import AF_INET
from typing import Any, cast

from bench.catalogue.scenarios.learned import Held
from bench.catalogue.scenarios.request import Expect, Request
from bench.load.connection import Connection
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.outcomes import KINDS
from bench.load.wire import Reply

HOST = "shop.example"
TOKEN = b'name="token"'
KNOWN = 8
_SIZES = (0, 13, 200, 1559, 5000, 66_000)
_FRAMINGS = ("length", "length", "length", "chunked", "http10", "to-close", "head", "no-content")
_EVIL = (
    *(b"\0", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b" ", b"\t", b":", b"\r", b"9", b"\xff", b"\n folded"),
    *(b"Content-Length: 7\r\n", b"\r\nConnection: close", b"\r\nTransfer-Encoding: chunked", b"\r\nX:"),
)


@dataclass(frozen=True)
class Page:
    """A kind of answer.

    Attributes:
        optional: header lines that come with some of the answers only.
        spread: lengths of bodies differ by up to so much.
    """

    framing: str
    status: bytes
    size: int
    spread: int
    location: bool
    optional: bool
    expect: Expect

    @property
    def method(self) -> str:
        return "HEAD" if self.framing == "head" else "GET"


@dataclass
class Answer:
    """One answer, taken apart.

    Attributes:
        ends: whether the connection ends after it.
        wrong: the error kind that it is of; "" for a right one, None where the parser is to say it.
    """

    version: bytes
    status: bytes
    fields: list[bytes]
    chunks: list[bytes]
    framing: str
    ends: bool = False
    wrong: str | None = ""
    after: bytes = b""
    torn: Callable[[bytes], bytes] = bytes

    def encoded(self) -> bytes:
        return self.torn(self._whole())

    def _whole(self) -> bytes:
        head = b"\r\n".join((b"HTTP/%s %s" % (self.version, self.status), *self.fields, b"", b""))
        if self.framing in ("head", "no-content"):
            return head + self.after
        if self.framing == "chunked":
            parts = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in self.chunks if chunk]
            return head + b"".join(parts) + b"0\r\n\r\n" + self.after
        return head + b"".join(self.chunks) + self.after


def page(draw: random.Random) -> Page:
    """A kind of answer, and what is right of it."""
    framing = draw.choice(_FRAMINGS)
    location = framing != "no-content" and draw.random() < 0.2
    status = b"204 No Content" if framing == "no-content" else b"302 Found" if location else b"200 OK"
    size = draw.choice(_SIZES)
    spread = draw.choice((0, 0, 8, 100))
    bodiless = framing in ("head", "no-content")
    contains = TOKEN if size >= 200 and not bodiless and draw.random() < 0.7 else None
    sizes = (0, 0) if bodiless else (size, size + spread)
    held = Held(
        status=int(status[:3]), host=HOST, media_type="text/html", place="/next" if location else None,
        sizes=sizes, contains=contains,
    )  # fmt: skip
    plain = Expect(int(status[:3]), contains=contains)
    return Page(
        framing, status, size, spread, location, draw.random() < 0.3, draw.choice((held, held, plain))
    )


def right(kind: Page, draw: random.Random) -> Answer:
    """One more right answer of a kind."""
    token = b"%032x" % draw.getrandbits(128)
    size = kind.size + (draw.randrange(kind.spread + 1) if kind.spread else 0)
    middle = b'<input name="token" value="%s">' % token if size >= 200 else token[:size]
    before = draw.randrange(size - len(middle) + 1)
    body = b"x" * before + middle + b"y" * (size - before - len(middle))
    fields = [b"Server: s", b"Date: %d" % draw.randrange(3), b"Content-Type: text/html; charset=utf-8",
              b"Set-Cookie: session=%s; Path=/" % token, b'ETag: "%s"' % token[: draw.randrange(1, 32)],
              b"Connection: keep-alive"]  # fmt: skip
    if kind.location:
        fields.insert(2, b"Location: /next?token=%s" % token)
    if kind.optional and draw.random() < 0.5:
        fields.append(b"Server-Timing: app;dur=%d" % draw.randrange(10))
    if kind.framing == "chunked":
        fields.append(b"Transfer-Encoding: chunked")
        if kind.optional:
            # Says nothing beside chunks.
            fields.append(b"Content-Length: %d" % draw.randrange(size + 9))
    elif kind.framing in ("length", "http10", "head"):
        fields.insert(draw.choice((-1, 1)) if kind.optional else 1, b"Content-Length: %d" % size)
    cut = draw.randrange(size + 1)
    version = b"1.0" if kind.framing in ("http10", "to-close") else b"1.1"
    chunks = [body[:cut], body[cut:]]
    return Answer(version, kind.status, fields, chunks, kind.framing, ends=kind.framing == "to-close")


def wrong(kind: Page, draw: random.Random) -> Answer:
    """An answer of a kind with something changed that makes it wrong, or may."""
    answer = right(kind, draw)
    bodiless = kind.framing in ("head", "no-content")
    changes: list[Callable[[Answer, random.Random], None]] = [_status, _bytes, _bytes, _bytes, _truncated]
    if not answer.ends:
        changes.append(_excess)
    if kind.framing in ("length", "http10"):
        changes += [_length, _length]
    if kind.framing == "chunked":
        changes += [_chunks, _chunks]
    if isinstance(kind.expect, Held):
        changes += [_type, *([_place] if kind.location else []), *([] if bodiless else [_longer])]
    if kind.expect.contains:
        changes += [_token, _token]
    draw.choice(changes)(answer, draw)
    return answer


def _status(answer: Answer, draw: random.Random) -> None:
    answer.status, answer.wrong = draw.choice((b"500 Oh", b"201 Created", b"403 Forbidden")), "status"
    # These would have a body, of no length that is said.
    answer.ends = answer.ends or answer.framing == "no-content"


def _type(answer: Answer, draw: random.Random) -> None:
    _replace(answer, b"Content-Type", draw.choice((b"Content-Type: text/plain", b"X-Type: text/html")))
    answer.wrong = "type"


def _place(answer: Answer, draw: random.Random) -> None:
    _replace(answer, b"Location", draw.choice((b"Location: /login?next=/next", b"X-Location: /next")))
    answer.wrong = "location"


def _longer(answer: Answer, _draw: random.Random) -> None:
    """A body of a length that no right answer has, and that is said."""
    answer.chunks[0] += b"z" * 200
    _replace(answer, b"Content-Length", b"Content-Length: %d" % sum(map(len, answer.chunks)))
    answer.wrong = "length"


def _token(answer: Answer, draw: random.Random) -> None:
    """A body of the same length that doesn't hold what it must, which may stand in a field instead."""
    body = b"".join(answer.chunks).replace(TOKEN, TOKEN.upper())
    answer.chunks = [body[: len(answer.chunks[0])], body[len(answer.chunks[0]) :]]
    if draw.random() < 0.5:
        _replace(answer, b"Set-Cookie", b"Set-Cookie: " + TOKEN)
    answer.wrong = "body"


def _length(answer: Answer, draw: random.Random) -> None:
    """A length that isn't the body's."""
    said = sum(map(len, answer.chunks)) + draw.choice((-1, 1, 1000))
    _replace(answer, b"Content-Length", b"Content-Length: %d" % said)
    answer.ends, answer.wrong = True, None


def _chunks(answer: Answer, draw: random.Random) -> None:
    """A line between chunks that isn't what it must be."""
    whole = answer.encoded()
    body = whole.index(b"\r\n\r\n") + 4
    at = draw.choice([match.start() for match in re.finditer(b"\r\n", whole[body:])]) + body
    evil = draw.choice((b"", b"\n", b"\r", b"xx", b"0\r\n", b"g\r\n", b";a=b\r\n", b" \r\n"))
    answer.torn = lambda data: data[:at] + evil + data[at + 2 :]
    answer.ends, answer.wrong = True, None


def _excess(answer: Answer, draw: random.Random) -> None:
    answer.after, answer.wrong = (
        draw.choice((b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
        "excess",
    )


def _truncated(answer: Answer, draw: random.Random) -> None:
    """Of an answer without a length nobody can say whether it was."""
    size = len(answer.encoded())
    end = draw.randrange(1, size)
    answer.torn = lambda data: data[:end]
    answer.ends, answer.wrong = True, None if answer.framing == "to-close" else "truncated"


def _bytes(answer: Answer, draw: random.Random) -> None:
    """Some byte of the head, or at the beginning of the body, taken out, doubled or replaced."""
    whole = answer.encoded()
    at = draw.randrange(min(len(whole), whole.index(b"\r\n\r\n") + 40))
    until = at + draw.choice((0, 0, 1, 1, 2))
    evil = draw.choice((*_EVIL, bytes((draw.randrange(256),))))
    answer.torn = lambda data: data[:at] + evil + data[until:]
    answer.ends, answer.wrong = True, None


def _replace(answer: Answer, name: bytes, line: bytes) -> None:
    answer.fields = [line if own.startswith(name + b":") else own for own in answer.fields]


class Wire:
    """The end of a connection on which an answer comes in pieces."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(pieces)

    def fileno(self) -> int:
        return id(self)

    def recv_into(self, buffer: bytearray) -> int:
        piece = self._pieces.pop(0) if self._pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Nothing is open."""


Verdict = tuple[str | None, bool]
"""The error kind, "ok", or None while more has to come; and whether the connection may be used again."""


def by_link(link: Link, exchange: Exchange, pieces: Sequence[bytes], ends: bool) -> Verdict:
    """What a link says of an answer on a new connection."""
    connection = Connection(cast(Any, Wire(pieces)), exchange)
    link.active[connection.fd] = connection
    done = None
    for _ in range(len(pieces) + ends):
        done = link.receive(connection.fd)
        if done is not None:
            break
    del link.active[connection.fd]
    return (None, False) if done is None else (KINDS[link.outcome], done.keeps)


def by_parser(kind: Page, pieces: Sequence[bytes], ends: bool) -> Verdict:
    """What is said of it where no answer has been before."""
    reply = Reply(exchange_for(kind))
    for piece in pieces:
        reply.feed(piece)
        if reply.complete:
            break
    if ends:
        reply.end()
    return (reply.fault or "ok", reply.keeps) if reply.complete else (None, False)


def exchange_for(kind: Page) -> Exchange:
    return Exchange(Request("page", kind.method, "/", kind.expect), 0, HOST, close=False)


def cut(data: bytes, draw: random.Random) -> list[bytes]:
    """In one piece, or in two or three."""
    inner = range(1, len(data))
    cuts = sorted(draw.sample(inner, min(len(inner), draw.choice((0, 0, 1, 2)))))
    return [data[a:b] for a, b in zip((0, *cuts), (*cuts, len(data)), strict=True)]


def try_one(seed: int) -> str:
    """The kind of error that one wrong answer among right ones is.

    Raises:
        AssertionError: a right one was taken for wrong, or this one for another than it is.
    """
    draw = random.Random(seed)
    kind = page(draw)
    exchange = exchange_for(kind)
    with closing(Link(AF_INET, ("127.0.0.1", 1))) as link:
        for answer in [*(right(kind, draw) for _ in range(KNOWN)), wrong(kind, draw), right(kind, draw)]:
            pieces = cut(answer.encoded(), draw)
            if answer.after and len(pieces[-1]) <= len(answer.after):
                # What comes later is no matter of this answer's.
                pieces = [b"".join(pieces)]
            said = by_link(link, exchange, pieces, answer.ends)
            assert said == by_parser(kind, pieces, answer.ends), (seed, said, pieces)
            assert answer.wrong is None or said[0] == (answer.wrong or "ok"), (
                seed,
                said,
                answer.wrong,
                pieces,
            )
            if answer.torn is not bytes or answer.wrong != "":
                tried = said[0] or "nothing yet"
    return tried


def main() -> None:
    numbers = [int(text) for text in sys.argv[1:]]
    many, first = numbers + [10_000, 0][len(numbers) :]
    counts = Counter(try_one(seed) for seed in range(first, first + many))
    for kind, times in counts.most_common():
        print(f"{times:7} {kind}")


if __name__ == "__main__":
    main()
