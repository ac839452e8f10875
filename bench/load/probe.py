"""Whether a target answers rightly: each endpoint of a scenario asked once, until all are right."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from bench.load.learning import Asked, know, look
from bench.load.protocol import Probed
from bench.load.wire import Exchange, Reply
from bench.model import Learned
from bench.scenarios.request import Request, Scenario

_PAUSE_S = 0.005
_ACCEPT_S = 1.0
_SHOWN = 200

Place = tuple[socket.AddressFamily, tuple[str, int]]
"""A socket's family and address."""


def places(url: str) -> tuple[Place, ...]:
    """The addresses behind a URL, the preferred one first."""
    parts = urlsplit(url)
    found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    return tuple((family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found)


def accepting(choice: Sequence[Place]) -> Place | None:
    """The first that accepts a connection; a single one is not asked, and there may be none."""
    if len(choice) == 1:
        return choice[0]
    for family, address in choice:
        with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ACCEPT_S)
            connection.connect(address)
            return family, address
    return None


def probe(
    place: Place,
    host: str,
    scenario: Scenario,
    timeout_s: float,
    answer_s: float,
    learned: Mapping[str, Learned] | None = None,
) -> Probed:
    """Ask until every endpoint is answered rightly, or something isn't after `timeout_s`.

    Args:
        host: for the field `Host`.
        answer_s: how long each request may take.
        learned: by endpoint, what an earlier probe has learned: the answers are held to it.
    """
    until = time.monotonic() + timeout_s
    while True:
        found = _ask_all(place, host, scenario, timeout_s, answer_s, learned or {})
        if found.right or time.monotonic() >= until:
            return found
        time.sleep(_PAUSE_S)


def _ask_all(
    place: Place,
    host: str,
    scenario: Scenario,
    connect_s: float,
    answer_s: float,
    learned: Mapping[str, Learned],
) -> Probed:
    wanted = set(scenario.endpoints)
    unknown = []

    def ask(request: Request) -> Asked:
        return _ask(place, Exchange(request, 0, host, close=True), connect_s, answer_s)

    for request in scenario.requests(random.Random(0)):
        if request.endpoint not in wanted:
            continue

        known = learned.get(request.endpoint)
        fault, detail, first = look(request, host, known, ask)
        if fault:
            return Probed(False, 0, fault, detail)
        if request.expect.learned and known is None and first is not None:
            unknown.append((request, first))
        wanted.remove(request.endpoint)
        if not wanted:
            break
    at_ns = time.time_ns()
    found = tuple(know(request, host, scenario.name, first, ask) for request, first in unknown)
    return Probed(True, at_ns, "", "", found)


def _ask(place: Place, exchange: Exchange, connect_s: float, answer_s: float) -> Asked:
    """Error kind and detail, both empty for a right answer, and what a whole answer was."""
    family, address = place
    reply = Reply(exchange)
    seen = b""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            # A server that is there accepts at once, however long its answer takes.
            connection.settimeout(connect_s)
            connection.connect(address)
            until = time.monotonic() + answer_s
            connection.settimeout(answer_s)
            connection.sendall(exchange.payload)
            while not reply.complete:
                connection.settimeout(max(until - time.monotonic(), _PAUSE_S))
                data = connection.recv(65536)
                seen += data
                if data:
                    reply.feed(data)
                else:
                    reply.end()
    except ConnectionRefusedError:
        return "connect", "connection refused", None
    except TimeoutError:
        return "unfinished", f"no whole answer within {answer_s:g} s", None
    except OSError as error:
        return "reset", str(error), None
    if reply.fault is None:
        return "", "", reply.answered
    shown = seen[:_SHOWN].decode("latin-1").strip() or "nothing"
    return reply.fault, f"expected {_words(exchange.request)}, got {shown!r}", reply.answered


def _words(request: Request) -> str:
    expect = request.expect
    parts = [f"status {expect.status}"]
    if expect.location is not None:
        location = expect.location if isinstance(expect.location, bytes) else expect.location.pattern
        parts.append(f"Location {location.decode()}")
    if expect.body is not None:
        parts.append(f"body {expect.body!r}")
    if expect.contains is not None:
        parts.append(f"a body that holds {expect.contains!r}")
    return ", ".join(parts)
