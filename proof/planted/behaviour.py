"""What a planted server is to do, and what it did."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import exp, inf, log
from statistics import NormalDist


@dataclass(frozen=True)
class Plan:
    """What a server is to do.

    Attributes:
        host: on which address it listens.
        kind: how it answers: "length", "chunked", "http10" (ends with the connection), "byte-by-byte",
            "interim" (100 before the answer), "head-only" (as to HEAD), "no-content" (204),
            "not-modified" (304);
            how it ends connections: "announced-close", "silent-close", "idle-close";
            what goes wrong: "wrong", "limited" (302 above a rate), "emptied" (at last pages without a body),
            "endless" (at last answers that never end), "never" (accepts and says nothing), "delayed", "tail",
            "frozen", "collecting" (one request at a time, and a pause amid each so many-th, as for a
            garbage collection), "deaf" (never accepts, backlog 1), "refusing" (nobody listens),
            "narrow" (backlog 1, one short connection at a time);
            what is heavy: "large" (bodies of so many bytes, and a header field that differs each time),
            "pages" (fast, and of any size, equal or differing).
        every: "wrong": each how many-th answer of the server is wrong.
        fault: "wrong": "status", "body", "truncated", "malformed", "excess", "closed" or "reset".
        answers: "silent-close": after how many answers; "collecting": amid each how many-th; "emptied",
            "endless": so many are right before.
        limit: "limited": so many a second are answered rightly.
        size: "large", "pages": of a body, bytes.
        framing: "pages": "length", "chunked", "pieces" and "chunks" (the same, with head and body sent one
            after the other), or "http10" (a body whose end is that of the connection).
        differing: "pages": whether cookie, ETag and a token amid the body are new in each.
        lengths: "pages": how many lengths differing bodies have, from `size` on, each a byte longer.
        idle_s: "idle-close": after how long without a request.
        freeze_s, period_s: "frozen", "collecting": stands still for so long, and "frozen" so often.
        slow_share, slow_s, base_s: "tail": this share of the answers takes `slow_s`, the others `base_s`;
            chosen at random. "collecting": each takes `base_s`.
        threads: "tail": how many are worked at at once, the others queue; 0 for any number.
        median_s, spread, seed: "delayed": log-normal delays, `spread` being the standard deviation
            of their logarithm.
    """

    kind: str
    every: int = 20
    fault: str = "status"
    answers: int = 1
    limit: float = 200.0
    size: int = 1_000_000
    framing: str = "length"
    differing: bool = False
    lengths: int = 1
    idle_s: float = 0.05
    freeze_s: float = 0.5
    period_s: float = 5.0
    slow_share: float = 0.01
    slow_s: float = 0.3
    base_s: float = 0.003
    threads: int = 0
    median_s: float = 0.005
    spread: float = 0.5
    seed: int = 1
    host: str = "127.0.0.1"

    def quantile_s(self, share: float) -> float:
        """The planted delay that a share of all delays, between 0 and 1, doesn't exceed."""
        return exp(log(self.median_s) + self.spread * NormalDist().inv_cdf(share))

    def delays_s(self) -> Iterator[float]:
        """ "delayed": the delay of each request, in the order in which they come."""
        draw = random.Random(self.seed)
        while True:
            yield self.quantile_s(draw.random() or 0.5)


@dataclass
class Truth:
    """What a server did; nanoseconds of the monotonic clock.

    Attributes:
        answered: for each answer, right or wrong, when its request was read and when it was written.
        frozen: from when to when it stood still.
        opened, closed: connections so far, with those that asked for the truth.
    """

    answered: list[tuple[int, int]] = field(default_factory=list)
    frozen: list[tuple[int, int]] = field(default_factory=list)
    opened: int = 0
    closed: int = 0


class Server:
    """What all connections of a planted server share."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.truth = Truth()
        self.number = 0
        self._random = random.Random(plan.seed)
        self._busy = 0
        self._allowed_ns: float = -inf
        self._queue: deque[Callable[[], None]] = deque()

    def tail_s(self) -> float:
        return self.plan.slow_s if self._random.random() < self.plan.slow_share else self.plan.base_s

    def working_s(self) -> float:
        """ "collecting": of this request, with the pause that comes amid each so many-th."""
        pauses = self.number % self.plan.answers == 0
        return self.plan.base_s + (self.plan.freeze_s if pauses else 0.0)

    def work(self, answer: Callable[[], None]) -> None:
        """Answer when one of the threads has had the time that it takes."""
        if self.plan.threads and self._busy == self.plan.threads:
            self._queue.append(answer)
            return
        self._busy += 1

        def done() -> None:
            answer()
            self._busy -= 1
            if self._queue:
                self.work(self._queue.popleft())

        asyncio.get_running_loop().call_later(self.tail_s(), done)

    def allows(self, now_ns: int) -> bool:
        """Whether one more request may be answered; after a pause two may, so that the rate is met."""
        gap_ns = round(1e9 / self.plan.limit)
        if now_ns < self._allowed_ns:
            return False
        self._allowed_ns = max(self._allowed_ns, now_ns - gap_ns) + gap_ns
        return True

    def delay_s(self) -> float:
        return self.plan.quantile_s(self._random.random() or 0.5)

    def freeze(self, due_s: float) -> None:
        """Do nothing at all for a while, and again a period after it was due."""
        start = time.monotonic_ns()
        time.sleep(self.plan.freeze_s)
        self.truth.frozen.append((start, time.monotonic_ns()))
        self.freeze_at(due_s + self.plan.period_s)

    def freeze_at(self, due_s: float) -> None:
        asyncio.get_running_loop().call_at(due_s, self.freeze, due_s)
