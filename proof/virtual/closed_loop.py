"""Closed load in virtual time: what trials say of a server whose service times are known, in no time at all.

A trial runs as `bench.load.closed` runs it: settle, count until the first answer after the length, go on
until each user was answered once more, drain. Its server is a number of threads with a queue before them, or
none: pure delays.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from bench.load.closed import SETTLE_NS
from bench.load.outcomes import OK
from bench.load.records import Counted, Records, Window
from bench.model.loads.closed import STARTING

Draw = Callable[[random.Random], float]
"""One service time, seconds."""

_SECOND = 1_000_000_000


def trial(
    draw: Draw, rng: random.Random, *, users: int, threads: int, length_s: float, settle_s: float
) -> tuple[Window, Counted]:
    """One trial that starts with an idle server, its users one after the other where it settles.

    What it counted is the harness's own count.
    """
    loop = Loop(draw, rng, users, threads, within_s=settle_s * STARTING)
    records = Records()

    def step() -> tuple[int, int]:
        user, sent, done = loop.step()
        records.add((user, sent, done, OK))
        return user, done

    settle_ns, most_ns = round(settle_s * _SECOND), max(SETTLE_NS, round(settle_s * _SECOND))
    unsettled = set(range(users))
    opened = settle_ns
    while loop.next_at() <= settle_ns or (unsettled and loop.next_at() <= most_ns):
        user, done = step()
        unsettled.discard(user)
        if not settle_ns:
            opened = done
    opened = most_ns if unsettled else opened
    end = opened + round(length_s * _SECOND)
    closed = 0
    while closed < end:
        _, closed = step()
    closed = end if settle_ns else closed
    unsettled = set(range(users))
    while unsettled and loop.next_at() <= closed + most_ns:
        unsettled.discard(step()[0])
    for user, sent, done in loop.drained():
        records.add((user, sent, done, OK))
    window = Window(opened, closed)
    return window, records.counted("done", window)


def long_run_rps(draw: Draw, rng: random.Random, *, users: int, threads: int, answers: int) -> float:
    """Answers a second after the first tenth of so many."""
    loop = Loop(draw, rng, users, threads)
    began = 0
    for number in range(answers):
        _, _, done = loop.step()
        if number == answers // 10:
            began = done
    return (answers - answers // 10 - 1) / ((done - began) / _SECOND)


class Loop:
    """The users and the server; nanoseconds from the trial's start.

    Args:
        within_s: the users start one after the other in this time.
    """

    def __init__(
        self, draw: Draw, rng: random.Random, users: int, threads: int, within_s: float = 0.0
    ) -> None:
        self._draw = draw
        self._rng = rng
        self._free = threads or users
        self._under_way: list[tuple[int, int, int]] = []
        self._queue: deque[tuple[int, int]] = deque()
        self._absent = deque((round(within_s * _SECOND * user / users), user) for user in range(users))

    def next_at(self) -> int:
        """When the next answer comes."""
        while self._absent and (not self._under_way or self._absent[0][0] <= self._under_way[0][0]):
            now, user = self._absent.popleft()
            self._ask(user, now)
        return self._under_way[0][0]

    def step(self) -> tuple[int, int, int]:
        """The next answer: user, when its request was sent, when it came; the user asks again at once."""
        self.next_at()
        answer = self._answer()
        self._ask(answer[0], answer[2])
        return answer

    def drained(self) -> Iterator[tuple[int, int, int]]:
        """The answers that are under way; nobody asks again."""
        while self._under_way:
            yield self._answer()

    def _answer(self) -> tuple[int, int, int]:
        done, user, sent = heapq.heappop(self._under_way)
        self._free += 1
        if self._queue:
            self._begin(*self._queue.popleft(), done)
        return user, sent, done

    def _ask(self, user: int, now: int) -> None:
        if self._free:
            self._begin(user, now, now)
        else:
            self._queue.append((user, now))

    def _begin(self, user: int, sent: int, now: int) -> None:
        self._free -= 1
        heapq.heappush(self._under_way, (now + max(1, round(self._draw(self._rng) * _SECOND)), user, sent))


def bimodal(share: float, slow_s: float, base_s: float) -> Draw:
    """A share of the answers is slow; the others vary a little."""
    return lambda rng: slow_s if rng.random() < share else base_s * rng.uniform(0.7, 1.3)


def lognormal(median_s: float, spread: float) -> Draw:
    return lambda rng: median_s * float(np.exp(rng.gauss(0, spread)))


def exponential(mean_s: float) -> Draw:
    return lambda rng: rng.expovariate(1 / mean_s)


def pareto(shape: float, least_s: float, most_s: float) -> Draw:
    return lambda rng: min(most_s, least_s * rng.paretovariate(shape))


def collecting(every: int, pause_s: float, base_s: float) -> Draw:
    """A pause comes with each so many-th answer, as garbage collections do; the answers vary a little."""
    answers = itertools.count(1)

    def draw(rng: random.Random) -> float:
        return base_s * rng.uniform(0.9, 1.1) + (0.0 if next(answers) % every else pause_s)

    return draw


def constant(seconds: float) -> Draw:
    return lambda _rng: seconds
