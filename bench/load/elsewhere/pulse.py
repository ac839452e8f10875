"""A thread that says that its process lives, whatever that is busy with, and sees whether the master does.

It has a socket of its own, as ZeroMQ wants of each thread, and no greenlet: those wait while a trial runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import zmq
from gevent.monkey import get_original
from locust.rpc import Message
from zmq.utils.monitor import recv_monitor_message

from bench.load.elsewhere.channel import connect
from bench.load.elsewhere.keys import Keys
from bench.load.elsewhere.said import GONE

_EACH_MS = 1_000
_GONE_AFTER_S = 10.0
_start_thread = get_original("_thread", "start_new_thread")


@contextmanager
def keep_saying(host: str, port: int, keys: Keys, identity: str) -> Iterator[None]:
    """While the block lasts, say each second that this lives; end the process if the master is gone."""
    lasts = [True]
    _start_thread(_say, (host, port, keys, identity, lasts))
    try:
        yield
    finally:
        lasts.clear()


def _say(host: str, port: int, keys: Keys, identity: str, lasts: list[bool]) -> None:
    pulse: bytes = Message("pulse", None, identity).serialize()  # type: ignore[no-untyped-call]
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        monitor = socket.get_monitor_socket()
        connect(socket, host, port, f"{identity} lives", keys)
        connected, since_s = False, time.monotonic()
        while lasts:
            while monitor.poll(0):
                event = recv_monitor_message(monitor)["event"]
                if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    connected = True
                elif event == zmq.EVENT_DISCONNECTED and connected:
                    # Where no handshake succeeds, that is said of each attempt.
                    connected, since_s = False, time.monotonic()
            if connected:
                socket.send(pulse, zmq.NOBLOCK)
            elif time.monotonic() - since_s > _GONE_AFTER_S:
                os._exit(GONE)
            monitor.poll(_EACH_MS)
        socket.disable_monitor()
        monitor.close()
