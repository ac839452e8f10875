"""Open load: requests are due at times set beforehand, whatever the server does."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator

from bench.load.clock import BREATH_NS, Timer, now_ns
from bench.load.connection import Connection
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.outcomes import DROPPED, INCOMPLETE
from bench.load.records import Records, Window, abandon, row_code

_LEAD_NS = 1_000_000


class OpenTrial:
    """One trial: arrivals from the start, those due after `settle_ns` count; then drain.

    An arrival is never put off because earlier ones are late: every overdue one is sent at once.
    One that finds `cap` requests in flight is dropped.

    Args:
        due: nanoseconds from the trial's start.
        opens_ns: when the window opens; None for `settle_ns` from now.
        mark: called when the window opens and when it closes, to read counters.
        breathe: called every `BREATH_NS`, so that others in this process may run.
        timeout_ns: how long one request may take; then it is given up.
    """

    def __init__(
        self,
        link: Link,
        stream: Iterator[Exchange],
        records: Records,
        *,
        due: list[int],
        settle_ns: int,
        length_ns: int,
        cap: int,
        timeout_ns: int,
        mark: Callable[[], None],
        breathe: Callable[[], None],
        opens_ns: int | None = None,
    ) -> None:
        self._link = link
        self._stream = stream
        self._records = records
        self._due = due
        self._settle_ns = settle_ns
        self._length_ns = length_ns
        self._cap = cap
        self._timeout_ns = timeout_ns
        self._mark = mark
        self._breathe = breathe
        self._breathe_at = now_ns() + BREATH_NS
        self._opens_ns = opens_ns
        self._draining = False

    def run(self) -> Window:
        """Run the trial, and leave every connection that the server keeps for the next trial."""
        link = self._link
        link.refresh()
        with Timer() as timer:
            link.watch(timer.fd)
            try:
                opened = self._opens_ns or now_ns() + _LEAD_NS + self._settle_ns
                start = opened - self._settle_ns
                closed = opened + self._length_ns
                due = [start + at for at in self._due]
                first = bisect_right(due, opened)
                self._serve(timer, due[:first], opened)
                self._mark()
                self._serve(timer, due[first:], closed)
                self._mark()
            finally:
                link.unwatch(timer.fd)
        self._draining = True
        self._drain(now_ns() + self._timeout_ns)
        self._records.begun = self._begun()
        return Window(opened, closed)

    def _serve(self, timer: Timer, due: list[int], until: int) -> None:
        """Send each request when it is due, take answers meanwhile, return at `until`."""
        link, receive, poll, timer_fd = self._link, self._receive, self._link.poll, timer.fd
        position, number = 0, len(due)
        while True:
            now = now_ns()
            while position < number and due[position] <= now:
                self._begin(due[position])
                position += 1
            if now >= until and position == number:
                return
            if now >= self._breathe_at:
                self._breathe_at = now + BREATH_NS
                self._breathe()
            timer.arm(min(due[position] if position < number else until, link.look_at))
            for fd, _ in poll():
                if fd == timer_fd:
                    timer.clear()
                else:
                    receive(fd)
            # Not before the events: what had arrived by `now` was in time, however late it is read.
            if now >= link.look_at:
                self._give_up(link.overdue(now, self._timeout_ns))

    def _begun(self) -> int:
        """How many requests were to be sent."""
        return len(self._due)

    def _begin(self, due: int, exchange: Exchange | None = None) -> None:
        exchange = exchange or next(self._stream)
        sent = now_ns()
        full = len(self._link.active) >= self._cap
        code = DROPPED if full else self._link.begin(exchange, due, sent)
        if code != INCOMPLETE:
            self._records.add((due, sent, now_ns(), row_code(exchange.endpoint, code)))
            self._unsent(exchange)

    def _unsent(self, exchange: Exchange) -> None:
        """Called of each request that could not be sent."""

    def _receive(self, fd: int) -> Connection | None:
        link = self._link
        connection = link.receive(fd)
        if connection is None:
            return None
        code = row_code(connection.exchange.endpoint, link.outcome)
        self._records.add((connection.due, connection.sent, connection.done, code))
        link.park(connection)
        return connection

    def _give_up(self, connections: list[Connection]) -> None:
        """Wait no longer for these answers."""
        abandon(self._link, self._records, connections)

    def _drain(self, until: int) -> None:
        link = self._link
        while link.active and (now := now_ns()) < until:
            for fd, _ in link.poll(max(min(until, link.look_at) - now, 0) / 1e9):
                self._receive(fd)
            self._give_up(link.overdue(now, self._timeout_ns))
        self._give_up(list(link.active.values()))
