"""Requests to one target, and their answers, over the connections that `Pool` has.

The plain `SocketType` is taken here before locust is imported: gevent replaces it when it patches the
standard library, and a greenlet switch for each response costs more than the response itself.
"""

from __future__ import annotations

import errno
from select import EPOLLIN, EPOLLOUT
from socket import AF_UNIX, IPPROTO_TCP, SOCK_NONBLOCK, SOCK_STREAM, TCP_NODELAY, AddressFamily, SocketType

from bench.load.clock import now_ns
from bench.load.connection import Connection
from bench.load.exchange import MOST_COMPARED_BYTES, Exchange
from bench.load.likeness import Begun
from bench.load.outcomes import CODE, INCOMPLETE, OK
from bench.load.pool import Pool
from bench.load.tcpinfo import loses_nothing
from bench.load.wire import Reply
from bench.load.wrong import WrongAnswers
from bench.model.shortage import kind_of

_BUFFER_BYTES = 1 << 18
_LOST_BEFORE_GIVING_UP = 4


class Link(Pool):
    """Sends requests to one target and reads the answers.

    Attributes:
        outcome: code of the last request that `receive` took for ended, as in `bench.load.outcomes`.
        lost: kept connections that the server had closed, without saying so, when the next request
            was sent. The request is sent again on a new connection: that is no error and no answer. A request
            that the server has read is never sent again, and one that changes something not either where the
            server may have read a part: it may have been carried out.
        wrong: what the wrong answers were.
        reuse: whether connections are kept; False once the target has shown that it always closes them
            without saying so.
        look_at: before this time no request can be overdue, nanoseconds.
    """

    def __init__(self, family: AddressFamily, address: tuple[str, int] | str) -> None:
        super().__init__(lossless=isinstance(address, str) or loses_nothing(address[0]))
        self._family = family
        self._address = address
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self.lost = 0
        self.wrong = WrongAnswers()
        self.reuse = True
        self.outcome = OK
        self.look_at = 0
        self._carried_again = 0

    def begin(self, exchange: Exchange, due: int, sent: int) -> int:
        """Send a request on an idle connection, else on a new one.

        Returns:
            INCOMPLETE, or at once the code of the error that prevented it.
        """
        if self.idle:
            connection = self.idle.pop()
            del self._idle_by_fd[connection.fd]
            connection.exchange = exchange
            connection.due = due
            connection.sent = sent
            self.active[connection.fd] = connection
            self._send(connection, exchange)
            return INCOMPLETE
        return self._open(exchange, due, sent)

    def again(self, connection: Connection, exchange: Exchange, sent: int) -> int:
        """Send the next request of a user whose last one is complete; see `begin`."""
        if connection.keeps:
            connection.exchange = exchange
            connection.sent = sent
            self._send(connection, exchange)
            return INCOMPLETE
        self.discard(connection)
        return self._open(exchange, connection.due, sent)

    def receive(self, fd: int) -> Connection | None:
        """Take what has arrived; the connection if its request is complete, else None.

        A complete connection stays in `active`: follow with `again`, `park` or `discard`.
        `outcome` says how it ended.
        """
        connection = self.active.get(fd)
        if connection is None:
            self._drop_idle(fd)
            return None
        try:
            if connection.pending:
                self._send_rest(connection)
            size = connection.sock.recv_into(self._buffer)
        except BlockingIOError:
            return None
        except OSError as error:
            return self._broken(connection, error)
        connection.done = now_ns()
        reply = connection.reply
        if reply is not None:
            return self._take(connection, reply, self._view[:size])
        # `recv` would make a large object and shrink it: thousands of those kept as `good` leave the heap in
        # pieces, so that the driver grew by half.
        data = self._buffer[:size]
        exchange = connection.exchange
        # Most answers end here, without being parsed: one that equals an earlier right answer to the request
        # is right, and of one whose head differs in known places only these are read. Both have to have come
        # whole in one read (`seen` is 0); `_read` takes all others.
        if connection.seen:
            return self._read(connection, exchange, data)
        good = exchange.good
        if good is not None and data == good:
            return self._complete(connection, exchange.good_keeps, OK)
        begun = exchange.begun(data)
        if begun is not None and exchange.right(data, begun):
            return self._complete(connection, begun[0].keeps and not exchange.close, OK)
        return self._read(connection, exchange, data, begun)

    def overdue(self, now: int, timeout_ns: int) -> list[Connection]:
        """Connections whose request has had its time; whatever has arrived, they are to be given up."""
        if now < self.look_at:
            return []
        started = now - timeout_ns
        late = [connection for connection in self.active.values() if connection.sent <= started]
        # What is sent from now on is overdue later than any of these.
        waiting = (connection.sent for connection in self.active.values() if connection.sent > started)
        self.look_at = min(waiting, default=now) + timeout_ns
        return late

    def _complete(self, connection: Connection, keeps: bool, outcome: int) -> Connection:
        self.outcome = outcome
        self.unserved += bool(outcome and not keeps and not connection.reused)
        connection.reply = None
        if connection.seen:
            connection.forget()
        self.early += bool(connection.pending)
        # The next request would be amid the body of this one.
        connection.keeps = keeps and self.reuse and not connection.pending
        self._carried_again += connection.reused
        connection.reused = True
        return connection

    def _read(
        self, connection: Connection, exchange: Exchange, data: bytearray, begun: Begun | None = None
    ) -> Connection | None:
        """Take the first bytes of an answer, or more of one that isn't parsed so far.

        Args:
            begun: what the head says, of the first bytes and if that is known.
        """
        seen = connection.seen
        if not data and not seen:
            again = connection.may_send_again(reset=False)
            return (self._ended_early if again else self._fail)(connection, "closed")
        answer = data
        if connection.begun is not None:
            begun = connection.begun
            answer = bytearray(connection.good)
            answer += data
        else:
            # Many servers send head and body one after the other.
            good = connection.good if seen else exchange.good
            if data and good is not None and good.startswith(data, seen):
                connection.good, connection.seen = good, seen + len(data)
                if connection.seen < len(good):
                    return None
                if good is exchange.good:
                    return self._complete(connection, exchange.good_keeps, OK)
            if seen:
                answer = bytearray(connection.good[:seen]) + data
                begun = exchange.begun(answer)
        if data and begun is not None and begun[2] is not None:
            whole = begun[1] + begun[2]
            if len(answer) < whole <= MOST_COMPARED_BYTES:
                connection.good, connection.seen, connection.begun = answer, len(answer), begun
                return None
        if seen and data and begun is not None and exchange.right(answer, begun):
            return self._complete(connection, begun[0].keeps and not exchange.close, OK)
        reply = connection.reply = Reply(exchange)
        connection.forget()
        if data:
            return self._take(connection, reply, answer, begun)
        reply.feed(answer)
        return self._take(connection, reply, data)

    def _take(
        self,
        connection: Connection,
        reply: Reply,
        data: bytearray | memoryview,
        begun: Begun | None = None,
    ) -> Connection | None:
        """Take the next bytes of an answer that is parsed."""
        if data:
            reply.feed(data, begun)
        else:
            reply.end()
        if not reply.complete:
            return None
        if reply.fault is not None:
            if (answered := reply.answered()) is not None:
                connection.exchange.refuse(reply)
                self.wrong.note(connection.due, connection.done, reply.fault, answered)
            elif reply.words:
                self.wrong.note_unread(connection.due, connection.done, reply.words)
        if reply.fault is None:
            connection.exchange.remember(reply)
        return self._complete(connection, reply.keeps, CODE[reply.fault] if reply.fault else OK)

    def _ended_early(self, connection: Connection, kind: str) -> Connection | None:
        """The connection ended before the first byte of a response, and the request was not read."""
        if not connection.reused:
            return self._fail(connection, kind)
        self.lost += 1
        if self.lost >= _LOST_BEFORE_GIVING_UP and self._carried_again < self.lost:
            self.reuse = False
        exchange, due, sent = connection.exchange, connection.due, connection.sent
        self.discard(connection)
        code = self._open(exchange, due, sent)
        if code == INCOMPLETE:
            return None
        self.outcome = code
        connection.done = now_ns()
        return connection

    def _broken(self, connection: Connection, error: OSError) -> Connection | None:
        connection.done = now_ns()
        if error.errno == errno.ECONNREFUSED:
            return self._fail(connection, "connect")
        if connection.reply is None and not connection.seen and connection.may_send_again(reset=True):
            return self._ended_early(connection, "reset")
        return self._fail(connection, "reset")

    def _fail(self, connection: Connection, kind: str) -> Connection:
        connection.keeps = False
        connection.reply = None
        connection.forget()
        self.unserved += not connection.reused and kind != "connect"
        self.outcome = CODE[kind]
        return connection

    def _open(self, exchange: Exchange, due: int, sent: int) -> int:
        try:
            sock = SocketType(self._family, SOCK_STREAM | SOCK_NONBLOCK)
            if self._family != AF_UNIX:
                sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        except OSError as error:
            return CODE[kind_of(error.errno) or "connect"]
        connection = Connection(sock, exchange)
        connection.due = due
        connection.sent = connection.opened = sent
        code = sock.connect_ex(self._address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            # Of a unix socket EAGAIN is a full listen queue: connect(2).
            return CODE[(self._family != AF_UNIX and kind_of(code)) or "connect"]
        # On one machine the connection is made by now, whatever the code says: send at once.
        try:
            self._epoll.register(connection.fd, EPOLLIN)
        except OSError as error:
            sock.close()
            return CODE[kind_of(error.errno) or "connect"]
        self.active[connection.fd] = connection
        if not self._send(connection, exchange):
            self.discard(connection)
            return CODE["connect"]
        self.opened += 1
        return INCOMPLETE

    def _send(self, connection: Connection, exchange: Exchange) -> bool:
        """Send what fits; False if the connection was refused, which a socket says only once."""
        payload = exchange.payload
        try:
            written = connection.sock.send(payload)
        except BlockingIOError:
            written = 0
        except ConnectionRefusedError:
            return False
        except OSError:
            # `receive` meets the end of the connection where the answer would have been.
            connection.gone = True
            return True
        if written < len(payload):
            connection.pending = payload[written:]
            self._epoll.modify(connection.fd, EPOLLIN | EPOLLOUT)
        return True

    def _send_rest(self, connection: Connection) -> None:
        try:
            written = connection.sock.send(connection.pending)
        except OSError:
            # It can't take more now, or no more at all; then what it has answered can be read all the same.
            return
        connection.pending = connection.pending[written:]
        if not connection.pending:
            self._epoll.modify(connection.fd, EPOLLIN)
