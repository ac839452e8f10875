"""Closed load: N users, each sends its next request when the last was answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.load.clock import BREATH_NS, now_ns
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.outcomes import INCOMPLETE
from bench.load.records import Records, Window, abandon, row_code
from bench.model.loads.closed import STARTING

SETTLE_NS = 1_000_000_000
_BACK_OFF_NS = 1_000_000


class ClosedTrial:
    """One trial: settle until every user was answered once, count, go on until every request that was under
    way when counting ended is answered, then drain.

    Settling ends after a second at the latest: users whose connections a full accept queue refuses
    wait for that second, or three, before TCP tries again (RFC 6298), and would hold up the others.

    Every trial starts with no user waiting for a slow answer. Where answers are slower than a trial is long,
    so many users would be free that throughput is too high, and those who start together would wait together,
    again and again. So with `settle_ns` users start one after the other, within two thirds of it.

    Args:
        settle_ns: how long settling takes at least.
        mark: called when the window opens and when it closes, to read counters.
        breathe: called every `BREATH_NS`, so that others in this process may run.
        opens_ns: when the window opens, whoever is settled by then, so that several processes count from
            the same moment. None to open it with the last user's answer.
        timeout_ns: how long one request may take; then it is given up, and its user sends the next.
    """

    def __init__(
        self,
        link: Link,
        stream: Iterator[Exchange],
        records: Records,
        *,
        users: int,
        length_ns: int,
        timeout_ns: int,
        mark: Callable[[], None],
        breathe: Callable[[], None],
        settle_ns: int = 0,
        opens_ns: int | None = None,
    ) -> None:
        self._link = link
        self._take = link.receive
        self._stream = stream
        self._records = records
        self._length_ns = length_ns
        self._settle_ns = settle_ns
        self._settle_most_ns = max(SETTLE_NS, settle_ns)
        self._timeout_ns = timeout_ns
        self._mark = mark
        self._breathe = breathe
        self._breathe_at = now_ns() + BREATH_NS
        self._opens_ns = opens_ns
        self._users = users
        self._begun = 0
        self._absent: list[int] = []
        self._unsettled = set(range(users))
        self._restart_at = 0

    def run(self) -> Window:
        """Run the trial, and leave every connection that the server keeps for the next trial.

        Returns:
            The window from the answer that settled the last user, or the end of settling, to the
            first answer after `length_ns`: a standstill is counted to its end. (With the last answer
            before it, the longest gaps would be left out and every rate be too high.) Requests under way
            at one of its edges count by the share of their time within it (`Counted.answers`). The users
            go on after it closes: were they to stop, the requests still under way would be answered faster
            than under load.
        """
        link, records = self._link, self._records
        link.refresh()
        if self._opens_ns is None:
            start = now_ns()
            self._settle(start)
            # Settling waits until the first request of every user has ended, however it ended, or for its
            # longest time: before that, connections are still being opened and some users aren't there yet.
            self._pump(start + self._settle_most_ns, lambda: not self._unsettled)
            opened = now_ns() if self._unsettled or self._settle_ns else records.last_done()
        else:
            opened = self._opens_ns
            self._settle(opened - self._settle_ns)
        self._unsettled.clear()
        self._mark()
        end = opened + self._length_ns
        self._pump(end, lambda: False)
        if self._settle_ns:
            # Long trials have no gaps that matter, and answers count by share: to stretch the window to the
            # next answer would count a standstill twice.
            self._mark()
            closed: int | None = end
        else:
            self._pump(end + self._timeout_ns, lambda: records.last_done() >= end)
            self._mark()
            closed = records.first_done_from(end)
        if closed is not None:
            # A user whose next request ends has no request left that was under way when the window closed.
            self._unsettled.update(range(self._users))
            self._pump(now_ns() + self._settle_most_ns, lambda: not self._unsettled)
        self._drain(now_ns() + self._timeout_ns)
        records.begun = self._begun
        return Window(opened, closed or now_ns())

    def _settle(self, start: int) -> None:
        """Start the users, and keep them busy until settling has lasted as long as it must at least."""
        apart_ns = self._settle_ns * STARTING / self._users
        for user in range(self._users):
            self._absent.append(user)
            if apart_ns:
                self._pump(start + round(apart_ns * (user + 1)), lambda: False)
        self._pump(start + self._settle_ns, lambda: False)

    def _pump(self, until: int, enough: Callable[[], bool]) -> None:
        """Keep every user busy until a time, or until `enough` says so."""
        link, records, stream = self._link, self._records, self._stream
        poll, receive, again, add = link.poll, self._take, link.again, records.add
        unsettled = self._unsettled
        while (now := now_ns()) < until and not enough():
            if now >= self._breathe_at:
                self._breathe_at = now + BREATH_NS
                self._breathe()
            if self._absent and now >= self._restart_at:
                self._start_absent(now)
            wake = min(until, link.look_at)
            wait_ns = min(wake - now, _BACK_OFF_NS) if self._absent else wake - now
            for fd, _ in poll(max(wait_ns, 0) / 1e9):
                connection = receive(fd)
                if connection is None:
                    continue
                user, done = connection.due, connection.done
                add((user, connection.sent, done, row_code(connection.exchange.endpoint, link.outcome)))
                if unsettled:
                    unsettled.discard(user)
                exchange = next(stream)
                self._begun += 1
                code = again(connection, exchange, done)
                if code != INCOMPLETE:
                    add((user, done, now_ns(), row_code(exchange.endpoint, code)))
                    self._absent.append(user)
            # Not before the events: what had arrived by `now` was in time, however late it is read.
            if now >= link.look_at:
                self._give_up(now)

    def _give_up(self, now: int) -> None:
        """Whoever has waited for too long goes on with another request."""
        late = self._link.overdue(now, self._timeout_ns)
        abandon(self._link, self._records, late)
        users = [connection.due for connection in late]
        self._unsettled.difference_update(users)
        self._absent += users

    def _start_absent(self, now: int) -> None:
        """Begin for the users without a connection; those refused wait a millisecond."""
        self._restart_at = now + _BACK_OFF_NS
        absent, self._absent = self._absent, []
        for user in absent:
            exchange = self._next_of(user)
            self._begun += 1
            sent = now_ns()
            code = self._link.begin(exchange, user, sent)
            if code != INCOMPLETE:
                self._records.add((user, sent, now_ns(), row_code(exchange.endpoint, code)))
                self._unsettled.discard(user)
                self._absent.append(user)

    def _next_of(self, _user: int) -> Exchange:
        return next(self._stream)

    def _drain(self, until: int) -> None:
        """Send nothing more; wait for what is on its way, and note what never comes."""
        link, records = self._link, self._records
        abandon(link, records, [c for c in link.active.values() if c.unsent])
        while link.active and (now := now_ns()) < until:
            for fd, _ in link.poll(max(min(until, link.look_at) - now, 0) / 1e9):
                connection = self._take(fd)
                if connection is not None:
                    code = row_code(connection.exchange.endpoint, link.outcome)
                    records.add((connection.due, connection.sent, connection.done, code))
                    link.park(connection)
            abandon(link, records, link.overdue(now, self._timeout_ns))
        abandon(link, records, list(link.active.values()))
