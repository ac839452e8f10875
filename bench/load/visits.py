"""Trials whose users have a state of their own: their logins before, and what they send by what they got."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from bench.load.arrivals import Arrivals
from bench.load.clock import now_ns
from bench.load.closed import ClosedTrial
from bench.load.connection import Connection
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.open import OpenTrial
from bench.load.outcomes import OK
from bench.load.records import Records
from bench.load.visitors import Turns, Visit, Visitor, following
from bench.model.measured import LOGIN


class ClosedVisits(ClosedTrial):
    """Closed load of such users: each has its own stream of requests."""

    def __init__(self, link: Link, turns: Turns, records: Records, **rest: Any) -> None:
        super().__init__(link, turns, records, **rest)
        self._turns = turns
        self._take = self._receive

    def _receive(self, fd: int) -> Connection | None:
        connection = self._link.receive(fd)
        if connection is not None:
            visit: Any = connection.exchange
            self._turns.ended(connection.due, visit, right=self._link.outcome == OK)
        return connection

    def _next_of(self, user: int) -> Exchange:
        return self._turns.begin(user)


class OpenVisits(OpenTrial):
    """Open load of such users: what follows a request at once is due with its answer."""

    def __init__(self, link: Link, arrivals: Arrivals, records: Records, **rest: Any) -> None:
        super().__init__(link, arrivals, records, **rest)
        self._arrivals = arrivals
        self._followed = 0

    def _receive(self, fd: int) -> Connection | None:
        connection = super()._receive(fd)
        if connection is not None:
            follows = self._ended(connection.exchange, right=self._link.outcome == OK)
            if follows is not None and not self._draining:
                self._followed += 1
                self._begin(now_ns(), follows)
        return connection

    def _unsent(self, exchange: Exchange) -> None:
        self._ended(exchange, right=False)

    def _give_up(self, connections: list[Connection]) -> None:
        super()._give_up(connections)
        for connection in connections:
            self._ended(connection.exchange, right=False)

    def _ended(self, exchange: Exchange, *, right: bool) -> Visit | None:
        assert isinstance(exchange, Visit)
        return self._arrivals.ended(exchange, right=right)

    def _begun(self) -> int:
        return super()._begun() + self._followed


def log_in(link: Link, visitors: Sequence[Visitor], timeout_ns: int) -> Counter[str]:
    """Have those users log in who haven't, each step on a connection of its own.

    Whoever that fails goes on without, and tries again before the next trial.

    Returns:
        What failed ones were answered, in words, with their numbers.
    """
    began = now_ns()
    waiting = deque(visitor for visitor in visitors if not visitor.logged_in)
    link.refresh()
    at_once = len(waiting)
    while waiting or link.active:
        while waiting and len(link.active) < at_once:
            visitor = waiting.popleft()
            _send(link, visitor.visit(visitor.login, visitor.own))
        now = now_ns()
        for fd, _ in link.poll(max(min(link.look_at, now + timeout_ns) - now, 0) / 1e9):
            connection = link.receive(fd)
            if connection is None:
                continue
            visit = connection.exchange
            assert isinstance(visit, Visit)
            follows = following(visit, right=link.outcome == OK)
            link.discard(connection)
            if follows is not None:
                _send(link, follows)
            elif link.outcome == OK:
                visit.visitor.logged_in = True
        for connection in link.overdue(now, timeout_ns):
            link.discard(connection)
    missing = sum(not visitor.logged_in for visitor in visitors)
    words = link.wrong.counted("done", began, now_ns())[1]
    link.wrong.clear()
    failed = Counter({f"{LOGIN}{text}": number for text, number in words.items()})
    if missing > failed.total():
        failed[f"{LOGIN}no answer"] = missing - failed.total()
    return failed


def _send(link: Link, visit: Visit) -> None:
    now = now_ns()
    link.begin(visit, now, now)
