"""Whether a target answers rightly: each endpoint of a scenario asked once."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.load.explain import broken, late, wrong
from bench.load.protocol import Probed
from bench.load.wire import Exchange, Reply
from bench.scenarios.request import Scenario

_ACCEPT_S = 1.0
_BUFFER_BYTES = 1 << 18
_MOST_BEGINS_BYTES = 4096

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


def probe(place: Place, host: str, scenario: Scenario, timeout_s: float) -> Probed:
    """Ask for every endpoint once, until one isn't answered rightly.

    Args:
        host: for the field `Host`.
        timeout_s: how long each request may take, with making its connection.
    """
    wanted = set(scenario.endpoints)
    for request in scenario.requests(random.Random(0)):
        if request.endpoint not in wanted:
            continue
        answer = _ask(place, Exchange(request, 0, host, close=True), timeout_s)
        if answer.fault:
            detail = f"{request.method} {request.path}: {answer.detail}"
            return Probed(False, 0, answer.fault, detail, answer.received)
        wanted.remove(request.endpoint)
        if not wanted:
            break
    return Probed(True, time.time_ns(), "", "")


@dataclass(frozen=True)
class _Answer:
    """Error kind and detail, both empty for a right answer, and how many bytes came."""

    fault: str
    detail: str
    received: int


def _ask(place: Place, exchange: Exchange, timeout_s: float) -> _Answer:
    family, address = place
    reply = Reply(exchange)
    begins = bytearray()
    until = time.monotonic() + timeout_s
    connected = False

    def answer(fault: str, detail: str) -> _Answer:
        return _Answer(fault, detail, reply.received)

    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(address)
            connected = True
            connection.sendall(exchange.payload)
            while not reply.complete:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                connection.settimeout(left)
                data = connection.recv(_BUFFER_BYTES)
                if len(begins) < _MOST_BEGINS_BYTES:
                    begins += data[:_MOST_BEGINS_BYTES]
                if data:
                    reply.feed(data)
                else:
                    reply.end()
    except ConnectionRefusedError:
        return answer("connect", f"connection refused: nothing listens at {address[0]}:{address[1]}")
    except TimeoutError:
        return answer("unfinished", late(reply, connected, timeout_s))
    except OSError as error:
        return answer("reset" if connected else "connect", broken(reply, connected, error))
    return answer(reply.fault, wrong(reply, exchange, bytes(begins))) if reply.fault else answer("", "")
