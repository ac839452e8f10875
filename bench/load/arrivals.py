"""What is due in open load of users who have a state of their own: each arrival is another user's."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace

from bench.load.exchange import Exchange
from bench.load.visitors import Visit, Visitor, Visitors, following
from bench.model import TrialOrder

_MORE = 2


class Arrivals:
    """What is due in a trial: an iterator that gives the next arrival to the user who is idle for longest.

    In a scenario in which requests come `after` others, a user who waits for an answer isn't idle: an
    application with one token a session replaces it with each form, and refuses what comes with an older one.
    Where all wait, another user comes at once, up to the trial's cap of requests. Where users have to log in
    nobody can: one of them gets a second arrival, as in two tabs, and the next trial has more users.

    Attributes:
        length: requests of each arrival on average, with those that follow at once.
    """

    def __init__(self, visitors: Visitors, order: TrialOrder) -> None:
        self._mix = visitors.mix
        self._all = visitors
        self._order = order
        self._users = visitors.of(order)
        self._idle = deque(self._users)
        self._under_way: Counter[Visitor] = Counter()
        self._one_at_a_time = any(len(chain) > 1 for chain in self._mix.chains)
        self._rng = random.Random(order.seed)
        self.length = self._mix.length

    def __iter__(self) -> Arrivals:
        return self

    def __next__(self) -> Visit:
        chain = self._mix.draw(self._rng)
        values = self._mix.values(self._rng, chain)
        visitor = self._idle.popleft() if self._idle else self._another()
        if self._one_at_a_time:
            self._under_way[visitor] += 1
        else:
            self._idle.append(visitor)
        return visitor.visit(chain, values)

    def ended(self, visit: Visit, *, right: bool) -> Visit | None:
        """Note how a request ended; what its user sends at once, None if nothing.

        Args:
            right: that it was answered rightly; not so where it was never sent or never answered.
        """
        follows = following(visit, right=right)
        if follows is None and self._one_at_a_time:
            visitor = visit.visitor
            self._under_way[visitor] -= 1
            if not self._under_way[visitor]:
                self._idle.append(visitor)
        return follows

    def _another(self) -> Visitor:
        """A user while nobody is idle."""
        crowd, number, cap = self._all.crowd, len(self._users), self._order.load.at_once
        if self._mix.login or number >= cap:
            crowd.size = max(crowd.size, min(cap, _MORE * number))
            return min(self._users, key=self._under_way.__getitem__)
        crowd.size = max(crowd.size, number + 1)
        self._users = self._all.of(self._order)
        self._idle.extend(self._users[number:])
        return self._idle.popleft()


def due_of(order: TrialOrder, stream: Iterator[Exchange]) -> list[int]:
    """When requests are due, nanoseconds from the trial's start: fewer where others follow them at once."""
    load = order.load
    if isinstance(stream, Arrivals) and load.rate is not None:
        load = replace(load, rate=load.rate / stream.length)
    length_ns = round(order.settle_s * 1e9) + round(order.length_s * 1e9)
    return load.due(length_ns, random.Random(order.seed).getrandbits(63))
