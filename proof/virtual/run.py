"""Whole standard runs in virtual time: a server with slow answers beside one without and its twin.

The services are drawn, everything else is the harness's own: its pilot, its plan and its decision to measure
again, its trials by what they count, its analysis. There is no open load, and nothing of the machine.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.analysis.cases import measured
from bench.analysis.estimate import Ratio
from bench.analysis.figures import THROUGHPUT
from bench.analysis.verdict import judge
from bench.load.closed import SETTLE_NS
from bench.load.records import encode
from bench.model import Plan, Suite, Trial, TrialOrder
from bench.model.loads.closed import STARTING
from bench.plan.blocks import block_orders
from bench.plan.duration import expected_each_s
from bench.plan.lengths import corrected, remeasured
from bench.run.pilot import needed_s, pilot
from proof.virtual import closed_loop
from proof.virtual.suite import PLAIN, SLOW, USERS, answered, planned

Times = np.typing.NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Times]
"""So many service times, seconds."""

_SETTLE_S = SETTLE_NS / 1e9


@dataclass(frozen=True)
class Service:
    """How a server works.

    Attributes:
        mean_s: of its service times.
        variation: their standard deviation over their mean.
        draw: some of them.
        threads: 0 for a delay of each request by itself.
    """

    mean_s: float
    variation: float
    draw: Draw
    threads: int = 0

    @property
    def long_run_rps(self) -> float:
        """Answers a second of closed load: users, or threads where there are fewer, over the mean time."""
        return (self.threads or USERS) / self.mean_s

    def noise(self, seconds: float) -> float:
        """Standard deviation of the logarithm of its answers in so long a time: that of a renewal process."""
        return self.variation / math.sqrt(self.long_run_rps * seconds)


def tail(share: float, slow_s: float, base_s: float, threads: int = 0) -> Service:
    """This share of the answers is slow, the others vary a little."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Times:
        return np.where(rng.random(shape) < share, slow_s, base_s * rng.uniform(0.97, 1.03, shape))

    mean_s = share * slow_s + (1 - share) * base_s
    variance = share * (slow_s - mean_s) ** 2 + (1 - share) * (base_s - mean_s) ** 2
    return Service(mean_s, math.sqrt(variance) / mean_s, draw, threads)


def lognormal(median_s: float, spread: float) -> Service:
    return Service(
        median_s * math.exp(spread**2 / 2),
        math.sqrt(math.expm1(spread**2)),
        lambda rng, shape: median_s * np.exp(spread * rng.standard_normal(shape)),
    )


def collecting(every: int, pause_s: float, base_s: float) -> Service:
    """One request at a time, and a pause amid each so many-th: so regular that a long run has no noise."""
    requests = itertools.count(1)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Times:
        pauses = [next(requests) % every == 0 for _ in range(math.prod(shape))]
        return base_s * rng.uniform(0.97, 1.03, shape) + np.where(np.reshape(pauses, shape), pause_s, 0.0)

    return Service(base_s + pause_s / every, 0.0, draw, threads=1)


def effect(slow: Service, plain: Service, seed: int) -> Ratio | None:
    """What one run says of the logarithm of their ratio; None where it calls the slow one not valid."""
    suite = _Run(slow, plain, seed).suite()
    found = {case.case.server: case for case in measured(suite).values()}
    if "slow-answers" in str(judge(suite, found.values())[found[SLOW].case.id].reasons):
        return None
    return THROUGHPUT.read.paired(found[SLOW], found[PLAIN])


class _Run:
    """One run, as `bench.run.runner` makes it, without `--minutes`: its rounds are those of the profile."""

    def __init__(self, slow: Service, plain: Service, seed: int) -> None:
        self._services = {SLOW: slow, PLAIN: plain}
        self._planned = planned(seed)
        self._asked = self._planned.plan
        self._rng = np.random.default_rng(seed)
        self._times = {name: _one_by_one(service, self._rng) for name, service in self._services.items()}

    def suite(self) -> Suite:
        """Pilot, rounds, and all rounds anew where one of them shows slow answers."""
        plan, number, trials = self._piloted(self._asked), 1, list[Trial]()
        while number <= plan.rounds:
            for block in range(plan.blocks):
                trials += self._block(plan, number, block)[0]
            counted = [trial for trial in trials if trial.round >= plan.counted_from]
            if (longer_s := needed_s(plan, counted)) is not None:
                plan = self._piloted(remeasured(plan, self._asked, number, longer_s))
            number += 1
        return replace(self._planned, plan=plan, trials=tuple(trials))

    def _piloted(self, plan: Plan) -> Plan:
        took_s: list[float] = []

        def block(plan: Plan, number: int) -> list[Trial]:
            trials, seconds = self._block(plan, 0, -1 - number)
            took_s[:] = [seconds / len(trials)]
            return trials

        plan, _ = pilot(plan, block, None)
        each_s = {**expected_each_s(plan), "pilot": took_s[0]}
        return corrected(plan, self._asked, each_s, self._asked.expected_s)[0]

    def _block(self, plan: Plan, number: int, block: int) -> tuple[list[Trial], float]:
        """Its trials, and how long they took."""
        orders = block_orders(plan, plan.cases, number, block, 0)
        made = [self._trial(order) for order in orders]
        return [trial for trial, _ in made], sum(seconds for _, seconds in made)

    def _trial(self, order: TrialOrder) -> tuple[Trial, float]:
        name = SLOW if order.case.startswith(SLOW) else PLAIN
        service = self._services[name]
        if service.threads:
            seen = _queued(self._times[name], service.threads, order.length_s, order.settle_s)
        else:
            seen = delayed(service, self._rng, order.length_s, order.settle_s)
        number = len(seen.times_s)
        trial = replace(
            answered(order, number),
            duration_s=seen.duration_s,
            answers=seen.answers,
            mean_s=float(seen.times_s.mean()) if number else None,
            histograms={"latency/get": encode(np.rint(seen.times_s * 1e4).astype(np.int64) * 100_000)}
            if number
            else {},
        )
        return trial, seen.whole_s


@dataclass(frozen=True)
class Seen:
    """What a trial saw.

    Attributes:
        times_s: of the requests that were sent within the window.
        whole_s: from the first request to the last answer.
    """

    answers: float
    duration_s: float
    times_s: Times
    whole_s: float


def delayed(service: Service, rng: np.random.Generator, length_s: float, settle_s: float) -> Seen:
    """A trial of a server that delays each request by itself: its users know nothing of each other."""
    starts = np.arange(USERS)[:, None] * (settle_s * STARTING / USERS)
    ends = np.asarray(starts + np.cumsum(service.draw(rng, (USERS, 8)), axis=1), dtype=np.float64)
    while True:
        opened = min(max(settle_s, ends[:, 0].max()), max(settle_s, _SETTLE_S))
        closed = opened + length_s
        if ends[:, -1].min() <= closed:
            ends = _longer(ends, service, rng, closed)
            continue
        if not settle_s:
            closed = min(row[np.searchsorted(row, closed)] for row in ends)
        if ends[:, -1].min() > closed:
            break
        ends = _longer(ends, service, rng, closed)
    return _seen(np.hstack([starts, ends[:, :-1]]), ends, opened, closed)


def _longer(ends: Times, service: Service, rng: np.random.Generator, until: float) -> Times:
    missing = max(8, math.ceil((until - float(ends[:, -1].min())) / service.mean_s))
    return np.hstack([ends, ends[:, -1:] + np.cumsum(service.draw(rng, (USERS, missing)), axis=1)])


def _queued(times: Iterator[float], threads: int, length_s: float, settle_s: float) -> Seen:
    """A trial of a server with threads and a queue before them; its service times go on in the next one."""
    window, counted = closed_loop.trial(
        lambda _: next(times),
        random.Random(),
        users=USERS,
        threads=threads,
        length_s=length_s,
        settle_s=settle_s,
    )
    times_s = (counted.begun.done - counted.begun.sent) / 1e9
    duration_s = (window.closed - window.opened) / 1e9
    return Seen(counted.answers, duration_s, times_s, window.closed / 1e9 + float(times_s.max(initial=0.0)))


def _one_by_one(service: Service, rng: np.random.Generator) -> Iterator[float]:
    while True:
        yield from service.draw(rng, (512,)).tolist()


def _seen(sent: Times, done: Times, opened: float, closed: float) -> Seen:
    inside = np.minimum(done, closed) - np.maximum(sent, opened)
    begun = (sent > opened) & (sent <= closed)
    return Seen(
        float((np.maximum(inside, 0.0) / np.maximum(done - sent, 1e-9)).sum()),
        closed - opened,
        (done - sent)[begun],
        float(done[sent <= closed].max()),
    )
