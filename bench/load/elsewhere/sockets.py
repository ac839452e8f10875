"""Locust's sockets, with the keys of a secret: whoever doesn't know it is heard by libzmq alone."""

from __future__ import annotations

from types import SimpleNamespace

import zmq
from locust import runners
from locust.exception import RPCError
from locust.rpc import zmqrpc

from bench.load.elsewhere.channel import connect, endpoint, prepare
from bench.load.elsewhere.keys import Keys

# A connection that says nothing costs a descriptor for so long; libzmq's own value is 30 s.
_HANDSHAKE_MS = 3_000


def seal(keys: Keys) -> None:
    """Have all of locust's masters and workers that this process makes from now on talk with these keys."""
    own = SimpleNamespace(
        Server=lambda host, port: Server(host, port, keys),
        Client=lambda host, port, identity: Client(host, port, identity, keys),
    )
    # Its runners look it up there as they are made, and again when a connection is made anew.
    vars(runners)["rpc"] = own


class Server(zmqrpc.Server):
    """The master's. A client that connects again under its name takes the place of its old connection."""

    def __init__(self, host: str, port: int, keys: Keys) -> None:
        zmqrpc.BaseSocket.__init__(self, zmq.ROUTER, ":" not in host)  # type: ignore[no-untyped-call]
        self.port = port
        prepare(self.socket, keys.master)
        self.socket.setsockopt(zmq.CURVE_SERVER, 1)
        self.socket.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
        self.socket.setsockopt(zmq.ROUTER_HANDOVER, 1)
        try:
            self.socket.bind(endpoint(host, port))
        except zmq.ZMQError as error:
            raise RPCError(f"{host}:{port} can't be listened on: {error.strerror}") from None
        if port == 0:
            bound = self.socket.getsockopt_string(zmq.LAST_ENDPOINT)
            self.port = int(bound.rpartition(":")[2])


class Client(zmqrpc.Client):
    """A generator's."""

    def __init__(self, host: str, port: int, identity: str, keys: Keys) -> None:
        zmqrpc.BaseSocket.__init__(self, zmq.DEALER, ":" not in host)  # type: ignore[no-untyped-call]
        connect(self.socket, host, port, identity, keys)
