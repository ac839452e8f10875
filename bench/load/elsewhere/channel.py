"""The channel's own part of a ZeroMQ socket: keys, signs of life, addresses."""

from __future__ import annotations

import zmq

from bench.load.elsewhere.keys import KeyPair, Keys
from bench.model.hostport import written

# Without an answer for so long libzmq takes the other side for gone and connects anew; TCP alone would send
# again, later and later, for a quarter of an hour. Its own threads do that, however busy the process is.
_BEAT_MS, _SILENT_MS = 1_000, 6_000


def connect(socket: zmq.Socket[bytes], host: str, port: int, identity: str, keys: Keys) -> None:
    """Connect a generator's socket to its master."""
    prepare(socket, keys.generator)
    socket.setsockopt(zmq.CURVE_SERVERKEY, keys.master.public)
    if identity:
        socket.setsockopt(zmq.IDENTITY, identity.encode("utf-8", "replace"))
    socket.connect(endpoint(host, port))


def prepare(socket: zmq.Socket[bytes], pair: KeyPair) -> None:
    socket.setsockopt(zmq.CURVE_PUBLICKEY, pair.public)
    socket.setsockopt(zmq.CURVE_SECRETKEY, pair.secret)
    socket.setsockopt(zmq.HEARTBEAT_IVL, _BEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, _SILENT_MS)


def endpoint(host: str, port: int) -> str:
    """An address as ZeroMQ has it, which puts one of IPv6 into brackets."""
    return f"tcp://{written(host, port)}"
