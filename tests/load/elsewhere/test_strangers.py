"""Whoever doesn't know the secret sends what he likes to a master's port, while it has trials done."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import msgpack
import pytest
import zmq

from bench.load.elsewhere.channel import connect
from bench.load.elsewhere.keys import keys_of
from bench.machine import process
from proof.fleet import PORT, SECRET, trial
from proof.hosts import Host
from tests.load.elsewhere.fleets import CLOSED, NAMES, Fleet, fleet_of

Address = tuple[str, int]
Stranger = Callable[[ExitStack, Address], object]
NUMBER = 2
# What another version could say: neither what this one does, nor all of it.
ABOUT = {"host": "a stranger", "versions": {"wsgi-bench": "0.0.1"}, "horses": 4}
SAID = msgpack.dumps(("about", ABOUT, "stranger"))
READY = msgpack.dumps(("client_ready", "2.0.0", "stranger"))


@pytest.fixture(scope="module")
def fleet(made: list[Host]) -> Iterator[Fleet]:
    with fleet_of(made, NUMBER) as running:
        yield running


def noise(held: ExitStack, address: Address) -> None:
    chance = random.Random(1)
    for length in (1, 64, 200_000):
        connection = held.enter_context(socket.create_connection(address))
        _sent(connection, chance.randbytes(length))


def http(held: ExitStack, address: Address) -> None:
    _sent(held.enter_context(socket.create_connection(address)), b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def greetings(held: ExitStack, address: Address) -> None:
    """Of ZMTP 3.1 (https://rfc.zeromq.org/spec/37), each broken off somewhere, and held."""
    greeting = b"\xff\0\0\0\0\0\0\0\1\x7f\3\1" + b"CURVE".ljust(20, b"\0") + bytes(32)
    hello = b"\4\xc8\5HELLO\1\0" + bytes(192)
    for length in range(0, len(greeting + hello), 3):
        _sent(held.enter_context(socket.create_connection(address)), (greeting + hello)[:length])


def connections(_held: ExitStack, address: Address) -> None:
    """More than may wait to be accepted, every other one broken off."""
    broken_off = struct.pack("ii", 1, 0)
    for number in range(300):
        with socket.create_connection(address) as connection:
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, broken_off)


def without_keys(held: ExitStack, address: Address) -> None:
    """As locust's own worker does, and then worse: what takes gigabytes, or a deep stack, to be read."""
    socket = _dealer(held)
    socket.connect(f"tcp://{address[0]}:{address[1]}")
    for message in (READY, SAID, b"\xdd\xff\xff\xff\xff", b"\x91" * 1_000_000):
        socket.send(message)


def with_a_password(held: ExitStack, address: Address) -> None:
    socket = _dealer(held)
    socket.plain_username, socket.plain_password = b"generator", SECRET.encode()
    socket.connect(f"tcp://{address[0]}:{address[1]}")
    socket.send(SAID)


def with_other_keys(held: ExitStack, address: Address) -> None:
    socket = _dealer(held)
    connect(socket, *address, "stranger", keys_of("another, of some length"))
    socket.send(SAID)


def a_worker_of_locust(held: ExitStack, address: Address) -> None:
    folder = Path(__file__).parents[1] / "locustfiles"
    file = ("-f", folder / "steps.py")
    command = ["-m", "locust", *map(str, file), "--worker", "--master-host", address[0], "--master-port"]
    child = process.spawn([sys.executable, *command, str(address[1])], environment=os.environ, cwd=folder)
    held.callback(process.stop, child, signal.SIGKILL, 0.0)


STRANGERS = (
    noise,
    http,
    greetings,
    connections,
    without_keys,
    with_a_password,
    with_other_keys,
    a_worker_of_locust,
)


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_does_nothing(fleet: Fleet, stranger: Stranger) -> None:
    trials = fleet.master.trials([trial(CLOSED, 0.05)] * 2)
    done = [next(trials)]
    host, before = fleet.others[NUMBER], len(fleet.master.said)
    with ExitStack() as held, host.network():
        stranger(held, (fleet.server.address, PORT))
        done += [*trials, fleet.trial()]
    # A busy machine may have one begin late.
    assert [event for event in fleet.master.said[before:] if event["state"] != "late"] == []
    for each in done:
        assert set(each.generators) == set(NAMES[:NUMBER])
        assert each.ok > 0
        assert each.failed == 0


def test_whoever_knows_the_secret_is_heard(fleet: Fleet) -> None:
    """The same words as the strangers', and another version's."""
    with ExitStack() as held, fleet.others[NUMBER].network():
        socket = _dealer(held)
        connect(socket, fleet.server.address, PORT, "stranger", keys_of(SECRET))
        socket.send(READY)
        socket.send(SAID)
        before = len(fleet.master.said)
        while not (refused := [e for e in fleet.master.said[before:] if e["state"] == "refused"]):
            fleet.trial()
    assert [event["name"] for event in refused] == ["a stranger"]
    assert "wsgi-bench 0.0.1 instead of" in refused[0]["why"]


def _dealer(held: ExitStack) -> zmq.Socket[bytes]:
    context = held.enter_context(zmq.Context())
    socket = held.enter_context(context.socket(zmq.DEALER))
    socket.linger = 0
    return socket


def _sent(connection: socket.socket, data: bytes) -> None:
    """Send it; the master hangs up as soon as it sees what this is."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(data)
