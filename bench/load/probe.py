"""Whether a target answers rightly: each endpoint of a scenario asked once, until all are right."""

from __future__ import annotations

import random
import socket
import time
from urllib.parse import urlsplit

from bench.load.protocol import Probed
from bench.load.wire import Exchange, Reply
from bench.scenarios.request import Request, Scenario

_PAUSE_S = 0.005
_ANSWER_S = 5.0
_SHOWN = 200


def probe(url: str, scenario: Scenario, timeout_s: float) -> Probed:
    """Ask until every endpoint is answered rightly, or for `timeout_s` at most."""
    until = time.monotonic() + timeout_s
    while True:
        found = _ask_all(url, scenario, min(_ANSWER_S, timeout_s))
        if found.right or time.monotonic() >= until:
            return found
        time.sleep(_PAUSE_S)


def _ask_all(url: str, scenario: Scenario, timeout_s: float) -> Probed:
    wanted = set(scenario.endpoints)
    for request in scenario.requests(random.Random(0)):
        if request.endpoint not in wanted:
            continue
        fault, detail = _ask(url, request, timeout_s)
        if fault:
            return Probed(False, 0, fault, f"{request.method} {request.path}: {detail}")
        wanted.remove(request.endpoint)
        if not wanted:
            break
    return Probed(True, time.time_ns(), "", "")


def _ask(url: str, request: Request, timeout_s: float) -> tuple[str, str]:
    """Error kind and detail; both empty for a right answer."""
    address = urlsplit(url)
    exchange = Exchange(request, 0, address.netloc, close=True)
    reply = Reply(exchange)
    seen = b""
    try:
        with socket.create_connection((address.hostname, address.port or 80), timeout_s) as connection:
            connection.sendall(exchange.payload)
            while not reply.complete:
                data = connection.recv(65536)
                seen += data
                if data:
                    reply.feed(data)
                else:
                    reply.end()
    except ConnectionRefusedError:
        return "connect", "connection refused"
    except TimeoutError:
        return "unfinished", f"no whole answer within {timeout_s:g} s"
    except OSError as error:
        return "reset", str(error)
    if reply.fault is None:
        return "", ""
    shown = seen[:_SHOWN].decode("latin-1").strip() or "nothing"
    return reply.fault, f"expected {_words(request)}, got {shown!r}"


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
