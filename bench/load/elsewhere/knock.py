"""Whether a master is there and knows the same secret: a handshake, before anything of locust's is made."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum

import zmq
from zmq.utils.monitor import recv_monitor_message

from bench.load.elsewhere.channel import connect
from bench.load.elsewhere.keys import Keys

_TRY_MS = 2_000
_PAUSE_S = 0.5
_TIMES = 3


class Heard(Enum):
    """What became of a handshake."""

    KNOWN = "known"
    NOBODY = "nobody"
    STRANGER = "stranger"


def knock(host: str, port: int, keys: Keys) -> Heard:
    """Try once."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        monitor = socket.get_monitor_socket()
        connected = False
        try:
            try:
                connect(socket, host, port, "", keys)
            except zmq.ZMQError:
                # Nobody has that name yet.
                return Heard.NOBODY
            ends_s = time.monotonic() + _TRY_MS / 1000
            while (left_s := ends_s - time.monotonic()) > 0 and monitor.poll(round(left_s * 1000)):
                event = recv_monitor_message(monitor)["event"]
                if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    return Heard.KNOWN
                connected = connected or event == zmq.EVENT_CONNECTED
                if connected and event in _REFUSED:
                    return Heard.STRANGER
            return Heard.NOBODY
        finally:
            socket.disable_monitor()
            monitor.close()


def wait_for_master(host: str, port: int, keys: Keys, most_s: float, say: Callable[[], None]) -> Heard:
    """Try until a master of the same secret is there, one of another is, or the time is over.

    Args:
        say: told once that nobody is there yet.
    """
    ends_s = time.monotonic() + most_s
    refused = 0
    said = False
    while True:
        heard = knock(host, port, keys)
        refused = refused + 1 if heard is Heard.STRANGER else 0
        # A master that is just ending closes connections, too.
        if heard is Heard.KNOWN or refused == _TIMES or time.monotonic() > ends_s:
            return heard
        if heard is Heard.NOBODY and not said:
            say()
            said = True
        time.sleep(_PAUSE_S)


_REFUSED = frozenset(
    {
        zmq.EVENT_DISCONNECTED,
        zmq.EVENT_HANDSHAKE_FAILED_AUTH,
        zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    }
)
