"""What a scenario is made of: requests, and what a right response to each is."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.model.scenario import AskedRequest, AskedScenario

_SENT_AS_IS = frozenset(map(chr, range(ord("!"), ord("~") + 1)))

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses of an answer that is no page, but says where one is."""
WITH_BODY = ("POST", "PUT", "PATCH")
"""The methods whose requests say how long their body is, even if they have none (RFC 9110, 8.6)."""
SAFE = ("GET", "HEAD", "OPTIONS")
"""The methods that ask for no change."""


@dataclass(frozen=True)
class Expect:
    """What a right response is. Fields left out are not looked at.

    Attributes:
        status: the exact status code, or a range of codes.
        body: the exact body.
        contains: bytes that the body holds.
        location: what the whole Location header matches.
        learned: whether the first right answers say the rest (`bench.catalogue.scenarios.learned`).
        page: whether a redirect is wrong, whatever `status` says.
        any_length: whether what is learned says nothing of lengths.
    """

    status: int | range
    body: bytes | None = None
    contains: bytes | None = None
    location: re.Pattern[bytes] | bytes | None = None
    learned: bool = False
    page: bool = False
    any_length: bool = False

    def fault(
        self, status: int, location: bytes | None, body: bytes, content_type: bytes | None = None
    ) -> str | None:
        """The kind of error that a response shows: "status", "location" or "body"; None if it is right.

        Of a page that was learned also "type" and "length" (`bench.catalogue.scenarios.learned`).
        """
        kind = self.head_fault(status, location, content_type) or self.size_fault(len(body))
        return kind or (None if self.body_right(body) else "body")

    def head_fault(
        self,
        status: int,
        location: bytes | None,
        content_type: bytes | None = None,  # noqa: ARG002
    ) -> str | None:
        """The kind of error that the head alone shows; see `fault`."""
        wanted = self.status
        if status != wanted if isinstance(wanted, int) else status not in wanted:
            return "status"
        if self.page and status in REDIRECTS:
            return "status"
        if isinstance(self.location, bytes):
            if location != self.location:
                return "location"
        elif self.location is not None and (location is None or not self.location.fullmatch(location)):
            return "location"
        return None

    def size_fault(self, size: int) -> str | None:  # noqa: ARG002
        """The kind of error that the body's length alone shows; see `fault`."""
        return None

    def body_right(self, answer: bytes | bytearray, start: int = 0) -> bool:
        """Whether a whole body is as expected; it is what `answer` holds from `start` on."""
        if self.body is not None and not (
            len(answer) - start == len(self.body) and answer.endswith(self.body)
        ):
            return False
        return self.contains is None or answer.find(self.contains, start) >= 0


@dataclass(frozen=True, eq=False)
class Request:
    """One request and its right response.

    Attributes:
        endpoint: the name under which the report groups it.
        path: with its query; what isn't ASCII is encoded as it is sent.
        unique: made for one use, so nothing about it is worth keeping.
        host: for the field Host; empty for the target's own.
        pattern: the path with the names of what is drawn for it; empty where nothing is.
        asked: what it was made of, where it is a user's own.
    """

    endpoint: str
    method: str
    path: str
    expect: Expect
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    unique: bool = False
    host: str = ""
    pattern: str = ""
    asked: AskedRequest | None = None

    @property
    def named(self) -> str:
        """What messages and what is learned call it, e.g. "GET /"."""
        return f"{self.method} {self.pattern or self.path}"

    def encode(self, host: str, close: bool) -> bytes:
        """The request as HTTP/1.1 puts it on the wire."""
        lines = [f"{self.method} {on_the_wire(self.path)} HTTP/1.1", f"Host: {self.host or host}"]
        if "Accept" not in self.headers:
            lines.append("Accept: */*")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body or self.method in WITH_BODY:
            lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


def on_the_wire(path: str) -> str:
    """A path as browsers send it: what isn't printable ASCII as its UTF-8 bytes, in percent."""
    return path if _SENT_AS_IS.issuperset(path) else quote(path, safe="".join(_SENT_AS_IS))


@dataclass(frozen=True)
class Scenario:
    """A named mix of requests.

    Attributes:
        title: what it stands for, in a few words.
        endpoints: every endpoint that `requests` can yield.
        requests: an endless stream, the same for the same random generator.
        seeded: whether it asks for what the app's seed command stored.
        writes: whether it changes the app's stored state, so that the state is reset before each trial.
        asked: what it was made of, where it is a user's own.
    """

    name: str
    title: str
    endpoints: tuple[str, ...]
    requests: Callable[[random.Random], Iterator[Request]]
    seeded: bool = False
    writes: bool = False
    asked: AskedScenario | None = None
