"""Whether a target answers rightly: each endpoint of a scenario asked once."""

from __future__ import annotations

import errno
import random
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from bench.catalogue.scenarios.learned import ENOUGH_S
from bench.catalogue.scenarios.request import SAFE, Request, Scenario
from bench.load.clock import now_ns
from bench.load.exchange import Exchange
from bench.load.explain import broken, late, wrong
from bench.load.learning import Asked, know, look
from bench.load.protocol import Probed
from bench.load.sampling import sample
from bench.load.wire import Reply
from bench.model import Learned
from bench.model.hostport import written
from bench.model.shortage import found_in

_ACCEPT_S = 1.0
_CONNECTIONS = 5
_BUFFER_BYTES = 1 << 18
_MOST_BEGINS_BYTES = 1 << 20
# Whoever closes when asked to does so at once, and nobody else waits for it.
_LINGER_S = 0.05

Address = tuple[socket.AddressFamily, tuple[str, int] | str]
"""A socket's family, and host and port, or the path of a unix socket."""


def addresses(url: str, known: Sequence[str] = (), path: str = "") -> tuple[Address, ...]:
    """The addresses behind a URL, the preferred one first.

    Args:
        known: those that its host was found to have; without any it is looked up.
        path: of the unix socket that is asked instead; empty without.
    """
    if path:
        return ((socket.AF_UNIX, path),)
    parts = urlsplit(url)
    resolved = [
        address
        for host in known or (parts.hostname,)
        for address in socket.getaddrinfo(host, parts.port or 80, type=socket.SOCK_STREAM)
    ]
    return tuple((family, (str(address[0]), int(address[1]))) for family, _, _, _, address in resolved)


def accepting(choice: Sequence[Address]) -> Address | None:
    """The first that accepts a connection; a single one is not asked, and there may be none."""
    if len(choice) == 1:
        return choice[0]
    for family, address in choice:
        with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ACCEPT_S)
            connection.connect(address)
            return family, address
    return None


def connect_s(address: Address) -> float:
    """How long a connection takes to be made, the shortest of a few.

    Raises:
        OSError: it can't be made.
    """
    family, place = address
    times = []
    for _ in range(_CONNECTIONS):
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ACCEPT_S)
            began_ns = now_ns()
            connection.connect(place)
            times.append(now_ns() - began_ns)
    return min(times) / 1e9


def probe(
    address: Address,
    host: str,
    scenario: Scenario,
    timeout_s: float,
    learned: Mapping[tuple[str, str], Learned] | None = None,
) -> Probed:
    """Ask for every endpoint once, until one isn't answered rightly.

    Args:
        host: for the field `Host`.
        timeout_s: how long each request may take, with making its connection.
        learned: by endpoint and request, what an earlier probe has learned: the answers are held to it.
    """
    wanted = set(scenario.endpoints)
    unknown = []
    answered = []
    kept: list[Asked] = []
    began_s = time.monotonic()

    # Some pages show what they were asked with: right is what comes of a connection that is to be kept, too.
    # A server that ends a connection when asked to sends no second answer on it, but on others it may.
    def ask(request: Request) -> Asked:
        lingers = not kept and request.method in SAFE
        answer = ask_once(address, Exchange(request, 0, host, close=False), timeout_s, lingers=lingers)
        if lingers:
            kept.append(replace(answer, detail=f"{request.named}: {answer.detail}"))
        return answer

    def ask_closely(request: Request) -> Asked:
        return ask_once(address, Exchange(request, 0, host, close=True), timeout_s, lingers=True)

    for request in scenario.requests(random.Random(0)):
        if request.endpoint not in wanted:
            continue
        known = (learned or {}).get((request.endpoint, request.named))
        answer = look(request, host, known, ask_closely)
        if answer.fault:
            return Probed(False, 0.0, answer.fault, answer.detail, answer.received)
        if request.expect.learned and known is None and answer.answered is not None:
            unknown.append((request, answer.answered))
        answered.append((request, answer))
        wanted.remove(request.endpoint)
        if not wanted:
            break
    answered_s = time.monotonic()
    pages = tuple(know(request, host, scenario.name, first, ask, ENOUGH_S) for request, first in unknown)
    fast = answered_s - began_s < ENOUGH_S
    like = sample(scenario, answered, ask if fast else None)
    for answer in kept:
        if answer.fault == "excess":
            return Probed(False, 0.0, answer.fault, answer.detail, answer.received)
    return Probed(True, time.monotonic() - answered_s, "", "", learned=pages, sample=like)


def ask_once(address: Address, exchange: Exchange, timeout_s: float, *, lingers: bool) -> Asked:
    """Ask once.

    Args:
        lingers: whether to see what comes after a right answer. A second one, a moment later, would be taken
            for that of the next request under load, and double the figures.
    """
    family, peer = address
    reply = Reply(exchange)
    begins = bytearray()
    until = time.monotonic() + timeout_s
    connected = False

    def answer(fault: str, detail: str) -> Asked:
        answered = reply.answered() if reply.complete else None
        return Asked(fault, detail, reply.received, answered, bytes(begins))

    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(peer)
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
            if lingers and not reply.fault and (after := _after(connection)):
                reply.feed(after)
    except (ConnectionRefusedError, FileNotFoundError):
        place = peer if isinstance(peer, str) else written(*peer)
        return answer("connect", f"connection refused: nothing listens at {place}")
    except TimeoutError:
        return answer("unfinished", late(reply, connected, timeout_s))
    except OSError as error:
        if (
            family != socket.AF_UNIX
            and found_in(error)
            and (error.errno != errno.EADDRNOTAVAIL or _has_a_way(address))
        ):
            raise
        return answer("reset" if connected else "connect", broken(reply, connected, error))
    return answer(reply.fault, wrong(reply, exchange, bytes(begins))) if reply.fault else answer("", "")


def _after(connection: socket.socket) -> bytes:
    """What comes on a connection after the answer; nothing where it is closed, however."""
    connection.settimeout(_LINGER_S)
    with suppress(OSError):
        return connection.recv(_BUFFER_BYTES)
    return b""


def _has_a_way(address: Address) -> bool:
    """Whether this machine has an address to reach that one from: then it is a port that was missing."""
    family, peer = address
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as nothing_sent:
        nothing_sent.connect(peer)
        return True
    return False
