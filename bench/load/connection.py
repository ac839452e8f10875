"""One of the generator's connections."""

from __future__ import annotations

from socket import SocketType

from bench.catalogue.scenarios.request import SAFE
from bench.load.exchange import Exchange
from bench.load.likeness import Begun
from bench.load.tcpinfo import was_read
from bench.load.wire import Reply


class Connection:
    """One TCP connection and what it carries.

    Attributes:
        due: when the request should have been sent; for closed load the user's number.
        sent: when it was begun, before the connection was made if it needed one.
        done: when the last byte of the answer was here.
        opened: when it was begun itself. All nanoseconds of the monotonic clock.
        looked: whether it is known how it was made; see `Link.look`.
        keeps: whether it may carry another request after the one that is complete.
        gone: whether it had ended before its last request could be sent.
        reused: whether it has carried one before.
        good, seen: the right answer that this one equals so far, and the length of that part; 0 when nothing
            of it is here, or it is parsed.
        begun: what the head of this one says, if it is like that of a right one, and the rest isn't here yet;
            then `good` is what has come of it.
    """

    __slots__ = (
        "begun",
        "done",
        "due",
        "exchange",
        "fd",
        "gone",
        "good",
        "keeps",
        "looked",
        "opened",
        "pending",
        "reply",
        "reused",
        "seen",
        "sent",
        "sock",
    )

    def __init__(self, sock: SocketType, exchange: Exchange) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.exchange = exchange
        self.reply: Reply | None = None
        self.pending = b""
        self.good: bytes | bytearray = b""
        self.seen = 0
        self.begun: Begun | None = None
        self.gone = self.reused = False
        self.keeps = False
        self.due = self.sent = self.done = self.opened = 0
        self.looked = False

    def forget(self) -> None:
        """Let go of what has come of an answer that isn't parsed."""
        self.good, self.seen, self.begun = b"", 0, None

    @property
    def unsent(self) -> bool:
        """Whether not a byte of the request could be sent: the connection isn't made yet."""
        return len(self.pending) == len(self.exchange.payload)

    def may_send_again(self, *, reset: bool) -> bool:
        """Whether the server can't have acted by the request, now that its connection ended without a byte of
        an answer (RFC 9110, 9.2.2).

        Args:
            reset: whether it ended so at once. That says that something was unread, which may be a part: the
                body of what was carried out.
        """
        if self.gone:
            return True
        if reset or self.pending:
            return self.exchange.request.method in SAFE
        return not was_read(self.sock)
