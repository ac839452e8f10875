"""A master of generators on other hosts, and its generators: the load driver, as the harness starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bench.load.elsewhere.keys import SECRET_VARIABLE
from bench.load.protocol import block_order, line, read_trial, targets_order
from bench.machine import process
from bench.model import Load, Target, Trial, TrialOrder, UsageSource
from proof.hosts import Host
from proof.machine import ROOT

SECRET = "of this test, and long enough"
PORT = 5557
_SERVER_PORT = 8000
_DRIVER = (sys.executable, "-m", "bench.load.driver")
_START_S = 30.0

Event = Mapping[str, Any]


class Master:
    """What a master says, and is told.

    Attributes:
        said: each event about a generator, in order.
    """

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child
        self.said: list[Event] = []
        self._others: deque[Event] = deque()

    def event(self) -> Event:
        """Its next event that isn't about a generator."""
        while not self._others:
            self._read()
        return self._others.popleft()

    def until(self, state: str, name: str) -> Event:
        """What it says next of a generator, if it is this."""
        while True:
            before = len(self.said)
            self._read()
            for event in self.said[before:]:
                if (event["state"], event.get("name")) == (state, name):
                    return event

    def told(self, order: Mapping[str, Any]) -> Event:
        """What it answers to an order."""
        self._tell(order)
        return self.event()

    def trials(self, orders: Sequence[TrialOrder]) -> Iterator[Trial]:
        """The trials of a block, which begins at once."""
        self._tell(block_order(orders))
        return self._trials()

    def _trials(self) -> Iterator[Trial]:
        while (event := dict(self.event())).pop("event") == "trial":
            yield read_trial(event)
        if "reason" in event:
            raise RuntimeError(event["reason"])

    def _tell(self, order: Mapping[str, Any]) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line(order))
        self.child.stdin.flush()

    def _read(self) -> None:
        assert self.child.stdout is not None
        event: Event = json.loads(self.child.stdout.readline() or '{"event": "ended"}')
        if event["event"] == "generator":
            self.said.append(event)
        else:
            self._others.append(event)


@contextmanager
def master(host: Host, wanted: int, *, waits: bool = False, port: int = PORT) -> Iterator[Master]:
    """One on a host, which waits for so many generators.

    Args:
        waits: whether it waits for as many when one is lost.
    """
    options = [
        "--generators",
        str(wanted),
        "--listen",
        f"{host.address}:{port}",
        *(["--waits"] if waits else []),
    ]
    child = host.popen(
        [*_DRIVER, *options],
        {**os.environ, SECRET_VARIABLE: SECRET},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.__stderr__ or subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        try:
            with host.network():
                _accepts((host.address, port))
            yield Master(child)
        finally:
            process.stop(child, signal.SIGTERM, 5.0)


@contextmanager
def generator(
    host: Host,
    of: Host,
    *,
    port: int = PORT,
    secret: str = SECRET,
    stderr: int | IO[Any] = subprocess.DEVNULL,
    cwd: Path = ROOT,
) -> Iterator[subprocess.Popen[bytes]]:
    """One on a host, whose master is on another."""
    child = host.popen(
        [*_DRIVER, "--master", f"{of.address}:{port}"],
        {**os.environ, SECRET_VARIABLE: secret},
        cwd=cwd,
        stderr=stderr,
    )
    try:
        yield child
    finally:
        process.stop(child, signal.SIGKILL, 0.0)


@contextmanager
def served(host: Host, processes: int = 1) -> Iterator[Target]:
    """The server without an application, on a host."""
    address = (host.address, _SERVER_PORT)
    asked = {"BIND": f"{address[0]}:{address[1]}", "PROCESSES": str(processes)}
    child = host.popen([sys.executable, "servers/null/serve.py"], {**os.environ, **asked})
    try:
        with host.network():
            _accepts(address)
        yield Target("null", f"http://{address[0]}:{address[1]}", UsageSource("processes", pid=child.pid))
    finally:
        process.stop(child, signal.SIGKILL, 0.0)


def introduce(to: Master, *targets: Target) -> None:
    """Have a master know these targets."""
    answer = to.told(targets_order(targets, None))
    assert answer["event"] == "done", answer


def trial(load: Load, length_s: float, case: str = "null", target: str = "null") -> TrialOrder:
    """A trial of a server, by default of that without an application."""
    return TrialOrder(
        case=case,
        target=target,
        scenario="hello",
        load=load,
        length_s=length_s,
        settle_s=0.0 if load.waits else 0.1,
        round=1,
        block=1,
        order=0,
        seed="seed",
        database=None,
        epoch_ns=time.monotonic_ns(),
    )


def _accepts(address: tuple[str, int]) -> None:
    ends_s = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(address).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > ends_s:
                raise
            time.sleep(0.01)
