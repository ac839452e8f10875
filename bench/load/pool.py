"""The open connections of the generator to one target, in one epoll set.

`epoll` is taken here before locust is imported: gevent removes it when it patches the standard library.
"""

from __future__ import annotations

from select import EPOLLIN, epoll
from socket import SocketType
from typing import NamedTuple, Self

from bench.load.connection import Connection
from bench.load.tcpinfo import SOONEST_NS, asked_again

_LOOKED_AT = 64
# RFC 9110, 15.5.9: a server may say so before it closes a connection on which nothing comes.
_TIMED_OUT = b"408"


class Tally(NamedTuple):
    """What a pool has counted, since it was made or since some moment; see `Pool`."""

    retransmits: int
    unasked: int
    opened: int
    unserved: int
    early: int

    def since(self, before: Self) -> Self:
        return type(self)(*(now - then for now, then in zip(self, before, strict=True)))


class Pool:
    """The open connections to one target: those that carry a request, and those kept for the next one.

    Attributes:
        poll: waits for events, as `epoll.poll`.
        active: connections that carry a request, by file descriptor.
        idle: kept connections that carry none.
        opened: connections opened so far.
        retransmits: connections, of those that `look` or `discard` has seen, whose SYN was sent again.
        unserved: connections, of those, that were made and whose first request failed, or got a wrong answer
            that ended the connection.
        early: requests that were answered before they were sent whole.
        unasked: kept connections on which bytes arrived although no request was pending. Where a server
            answers each request twice, every later request gets the answer left over from the one before,
            which is right; only what is left over in the end shows it.
        lossless: whether the way to the target never loses a packet; see `loses_nothing`.
    """

    def __init__(self, *, lossless: bool) -> None:
        self._epoll = epoll()
        self.poll = self._epoll.poll
        self.active: dict[int, Connection] = {}
        self.idle: list[Connection] = []
        self._idle_by_fd: dict[int, Connection] = {}
        self.opened = 0
        self.retransmits = self.unasked = self.unserved = self.early = 0
        self.lossless = lossless

    def watch(self, fd: int) -> None:
        """Have `poll` report when another file descriptor can be read."""
        self._epoll.register(fd, EPOLLIN)

    def unwatch(self, fd: int) -> None:
        self._epoll.unregister(fd)

    def tally(self) -> Tally:
        return Tally(self.retransmits, self.unasked, self.opened, self.unserved, self.early)

    def park(self, connection: Connection) -> None:
        """Keep a complete connection for later, or close it if it can't be kept."""
        if not connection.keeps:
            self.discard(connection)
            return
        self.active.pop(connection.fd, None)
        self.idle.append(connection)
        self._idle_by_fd[connection.fd] = connection

    def discard(self, connection: Connection) -> None:
        """Close a connection."""
        # One that lived shorter can't have been asked for again; one without an answer is worth the look.
        if not 0 <= connection.done - connection.opened < SOONEST_NS:
            self._look(connection)
        self.active.pop(connection.fd, None)
        connection.keeps = False
        connection.sock.close()

    def look(self) -> None:
        """Count what had to be asked for again among the connections that are open."""
        for connection in [*self.active.values(), *self.idle]:
            self._look(connection)

    def _look(self, connection: Connection) -> None:
        if not connection.looked and asked_again(connection.sock, self.lossless):
            self.retransmits += 1
            connection.looked = True
        elif connection.reused:
            # It was made at once, and is made only once.
            connection.looked = True

    def refresh(self) -> None:
        """Drop idle connections that the server has closed meanwhile."""
        for fd, _ in self.poll(0):
            self._drop_idle(fd)

    def close(self) -> None:
        """Close every connection."""
        for connection in [*self.active.values(), *self.idle]:
            connection.sock.close()
        self.active.clear()
        self.idle.clear()
        self._idle_by_fd.clear()
        self._epoll.close()

    def _drop_idle(self, fd: int) -> None:
        connection = self._idle_by_fd.get(fd)
        if connection is None:
            return
        came = came_unasked(connection.sock)
        if came and not came.strip(b"\r\n"):
            # They end the answer before: the next one's reader lets them pass, too.
            return
        del self._idle_by_fd[fd]
        self.idle.remove(connection)
        self._look(connection)
        self.unasked += bool(came) and came.split(b" ", 2)[1:2] != [_TIMED_OUT]
        connection.sock.close()


def came_unasked(sock: SocketType) -> bytes:
    """What has come on a connection that carries no request; nothing where it has ended."""
    try:
        return sock.recv(_LOOKED_AT)
    except OSError:
        return b""
