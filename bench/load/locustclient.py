"""Locust's own HTTP client, held to what the loop does: one try, the body as it came, errors by kind."""

from __future__ import annotations

import sys
from http.cookiejar import DefaultCookiePolicy
from socket import AF_INET, IPPROTO_TCP, SOCK_STREAM, AddressFamily, SocketType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gevent
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from locust.contrib.fasthttp import FastHttpSession
from locust.event import EventHook
from urllib3.connection import HTTPConnection

from bench.catalogue.scenarios.request import SAFE
from bench.load.foreign import shown
from bench.load.locustanswer import as_it_came
from bench.load.tcpinfo import asked_again, was_read
from bench.model import UNREAD_KINDS, shortage

if TYPE_CHECKING:
    # It takes epoll, which is gone where locust was imported first, as in the web UI's process.
    from bench.load.link import Link

_CONNECT = HTTPConnection.connect
# Of llhttp: the bytes end within the head.
_INVALID_END = 14
_EVERY_STATUS = frozenset(range(1000))
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connect"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (TimeoutError, "unfinished"),
    (gevent.Timeout, "unfinished"),
    (HTTPConnectionClosed, "closed"),
    (HTTPParseError, "malformed"),
    (OSError, "connect"),
)


class Carrier(HTTPClientPool):
    """The one connection of a client that sends nothing twice by itself, and what is known of it.

    Attributes:
        fresh: whether it was opened for the request that is on its way, or was on its way last.
        read: whether the server had read that, of a connection that ended without a byte of an answer.
        reset: whether it ended by a reset, without an end before it.
    """

    def __init__(self, timeout_s: float) -> None:
        super().__init__(concurrency=1, connection_timeout=timeout_s, network_timeout=timeout_s)
        self.fresh = self.read = self.reset = False

    def get_client(self, url: Any) -> HTTPClient:
        client = super().get_client(url)
        pool = client._connection_pool
        if not isinstance(pool, _Pool):
            # It has no place for a pool of one's own, and no setting for how often a request is sent: once
            # more than its pool has connections.
            pool.__class__ = _Pool
            pool.size = -1
            assert isinstance(pool, _Pool)
            pool.carrier = self
        return client

    def may_send_again(self, error: BaseException, method: str) -> bool:
        """Whether a request that came to this nothing is to be sent on a new connection: the one that was
        kept had ended before the server read it; as `Connection.may_send_again`.
        """
        ended = isinstance(getattr(error, "original", None) or error, HTTPConnectionClosed)
        unread = method in SAFE if self.reset else not self.read
        return ended and not self.fresh and unread


class _Pool(ConnectionPool):
    """One that tells its carrier of its connection. What `Carrier.close` lets go of is in no cycle: a trial,
    which has no garbage collector, may need one for each request.
    """

    carrier: Carrier

    def after_connect(self, sock: Any) -> None:
        self.carrier.fresh = True
        super().after_connect(sock)

    def release_socket(self, sock: Any) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, HTTPConnectionClosed):
            self.carrier.reset = isinstance(error.__context__, ConnectionResetError)
            self.carrier.read = was_read(sock)
        super().release_socket(sock)


def carrier_of(made: FastHttpSession) -> Carrier:
    """The connection of a client that `session` has made."""
    carrier = made.client.clientpool
    assert isinstance(carrier, Carrier)
    return carrier


def session(url: str, timeout_s: float) -> FastHttpSession:
    """A client with one connection; it waits no longer to be connected, or for more of an answer."""
    pool = Carrier(timeout_s)
    nobody: Any = EventHook  # untyped in locust
    made = FastHttpSession(url, nobody(), None, client_pool=pool, max_retries=0)
    # Like the loop's, its users are new visitors each time: a page may be another for who comes again.
    made.cookiejar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    take_as_it_comes(made, timeout_s)
    return made


def take_as_it_comes(made: FastHttpSession, timeout_s: float) -> None:
    """Have a client of locust's hand out every answer, whatever its status, with the body that was sent."""
    # Those with other statuses it would read and decode for a log that nobody keeps.
    made.client.valid_response_codes = _EVERY_STATUS  # type: ignore[misc]
    made.client.response_type = as_it_came(timeout_s)  # type: ignore[misc]


def count_connections(link: Link) -> None:
    """Have every connection that a client of locust's makes from now on counted there."""

    def count(socket: SocketType) -> None:
        link.opened += 1
        link.retransmits += asked_again(socket, link.lossless)

    def connect(connection: HTTPConnection) -> None:
        _CONNECT(connection)
        if connection.sock is not None:
            count(connection.sock)

    # geventhttpclient offers no place for a pool of one's own, but this hook for each connection made.
    ConnectionPool.after_connect = lambda _pool, socket: count(socket)  # type: ignore[method-assign, assignment]
    HTTPConnection.connect = connect  # type: ignore[method-assign, assignment]


def look_up(netloc: str, family: AddressFamily, address: tuple[str, int]) -> None:
    """Have this process find a target where it was found before: it may lead elsewhere by now, and to look it
    up for each connection takes time.
    """
    host = urlsplit(f"//{netloc}").hostname or ""
    hub = gevent.get_hub()
    hub.resolver = _Known(hub.resolver, host, family, address[0])


class _Known:
    """A resolver that knows one host."""

    def __init__(self, others: Any, host: str, family: AddressFamily, address: str) -> None:
        self._others = others
        self._host = host
        self._known = family, address

    def getaddrinfo(self, host: Any, port: Any, *asked: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name != self._host:
            return self._others.getaddrinfo(host, port, *asked)
        family, address = self._known
        where = (address, int(port)) if family == AF_INET else (address, int(port), 0, 0)
        return [(family, SOCK_STREAM, IPPROTO_TCP, "", where)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)


def kind_of(error: BaseException) -> str:
    """The kind of what this client raised, as `bench.load.outcomes` names it; "client" if it fits none."""
    error = getattr(error, "original", None) or error
    own = shortage.kind_of(error.errno) if isinstance(error, OSError) else None
    if own is not None:
        return own
    if isinstance(error, HTTPConnectionClosed) and isinstance(error.__context__, ConnectionResetError):
        return "reset"
    if type(error) is HTTPParseError and error.args[1:] in ((), (_INVALID_END,)):
        # What the parser finds wrong has a number; that a body has no end has none.
        return "truncated"
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), "client")


def words(error: BaseException, kind: str) -> str:
    """What this client refused in an answer of that kind; empty where the kind says it all."""
    if kind not in UNREAD_KINDS:
        return ""
    error = getattr(error, "original", None) or error
    said = str(error.args[0] if error.args else "").rstrip(".") or type(error).__name__
    return f"an answer that locust's client refuses: {shown(said.encode('latin-1', 'replace'))}"
