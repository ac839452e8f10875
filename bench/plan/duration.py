"""How long a run takes: beforehand from the lengths of its parts, later from its own pace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.learned import ENOUGH_S, learns
from bench.model import Plan
from bench.model.settling import SLOW_ANSWERS

PILOT_BLOCKS = 4
_CLOSED_OVERHEAD_S = 0.035
OPEN_OVERHEAD_S = 0.02
_SHARED_OVERHEAD_S = 0.1
_START_S = {"local": 0.8, "compose": 1.5, "external": 0.05}
DRIVER_START_S = 3.0
ENDING_S = 4.0
"""For stopping the last round's servers, and for the reports."""
# How much the next block leaves of an earlier one's weight: of the last 20 two thirds.
_KEPT = 0.95

# A queue forgets how it began in 1 / (service rate (1 - sqrt(load))^2), the relaxation time of M/M/1
# (J. Cohen, The Single Server Queue, 1982): at 60 % that is 12 arrivals, and these are 40.
_SETTLING_ARRIVALS = 40
_SETTLE_BOUNDS_S = 0.05, 1.0

Part = Literal["start", "learn", "warm-up", "pilot", "closed", "open", "stop"]
EachS = Mapping[Part, float]
"""Seconds for one of each part."""


@dataclass(frozen=True)
class Parts:
    """What a run, or the rest of it, consists of.

    Attributes:
        start, stop: servers, counted anew in every round.
        learn: pages that no scenario knows, each of a server, once in the run.
        warm_up, pilot, closed, open: trials.
    """

    start: int
    warm_up: int
    pilot: int
    closed: int
    open: int
    stop: int
    learn: int = 0

    def seconds(self, each_s: EachS) -> float:
        """What they take together."""
        return (
            self.start * each_s["start"]
            + self.learn * each_s["learn"]
            + self.warm_up * each_s["warm-up"]
            + self.pilot * each_s["pilot"]
            + self.closed * each_s["closed"]
            + self.open * each_s["open"]
            + self.stop * each_s["stop"]
        )


def parts_of(plan: Plan) -> Parts:
    """All of a run."""
    closed = sum(case.load.model == "closed" for case in plan.cases)
    opened = len(plan.cases) - closed
    servers = plan.rounds * len(plan.deployments)
    return Parts(
        start=servers,
        warm_up=plan.rounds * closed,
        pilot=pilot_blocks(plan) * closed if needs_pilot(plan) else 0,
        closed=plan.rounds * plan.blocks * closed,
        open=plan.rounds * plan.open_blocks * opened,
        stop=servers,
        learn=len(learned_pages(plan)),
    )


def learned_pages(plan: Plan) -> set[tuple[str, str]]:
    """Deployment and scenario of each page that the first round has to learn."""
    return {(c.deployment, c.scenario) for c in plan.cases if learns(SCENARIOS[c.scenario])}


def open_settle_s(rate: float | None) -> float:
    """How long open load of this rate, requests a second, goes on before anything counts."""
    least, most = _SETTLE_BOUNDS_S
    return least if rate is None else min(most, max(least, _SETTLING_ARRIVALS / rate))


def closed_settle_s(plan: Plan) -> float:
    """How long closed load goes on before anything counts, where answers are slow; 0 where none are.

    Users who start together meet their slow answers together, and stay in step for many of them. So they
    start one after the other while one slow answer takes, and go on for half of that
    (docs/decisions/067-users-start-one-after-the-other.md).
    """
    return SLOW_ANSWERS * plan.settle_s


def pilot_blocks(plan: Plan) -> int:
    """How many blocks the pilot has; where nothing is claimed, no more than what they are for."""
    return PILOT_BLOCKS if plan.claims else min(PILOT_BLOCKS, plan.blocks)


def needs_pilot(plan: Plan) -> bool:
    """Whether the rate of open load is still to be found."""
    return any(case.load.model == "open" and case.load.rate is None for case in plan.cases)


def expected_each_s(plan: Plan) -> EachS:
    """Seconds for one of each part, from its length and its usual overhead; stopping is within starting."""
    closed_s = plan.trial_s.closed + _CLOSED_OVERHEAD_S + (_SHARED_OVERHEAD_S if plan.processes > 1 else 0.0)
    return {
        "start": _START_S[plan.runtime],
        "learn": ENOUGH_S,
        "warm-up": plan.warmup_s + closed_s - plan.trial_s.closed,
        "pilot": closed_s,
        "closed": closed_settle_s(plan) + closed_s,
        "open": plan.trial_s.open + _settle_s(plan) + OPEN_OVERHEAD_S,
        "stop": 0.0,
    }


def _settle_s(plan: Plan) -> float:
    """On average over the cases of open load; 0 without any."""
    each = [
        max(plan.settle_s, open_settle_s(case.load.rate)) for case in plan.cases if case.load.model == "open"
    ]
    return sum(each) / len(each) if each else 0.0


def expected_s(plan: Plan) -> float:
    """Seconds for the whole run."""
    return DRIVER_START_S + parts_of(plan).seconds(expected_each_s(plan))


class Pace:
    """What each part has taken in a run that goes on, of late: a machine doesn't keep its pace.

    Args:
        now_s: monotonic time, here and in `done`.
    """

    def __init__(self, plan: Plan, now_s: float) -> None:
        self._each_s = dict(expected_each_s(plan))
        self._spent_s: dict[Part, float] = {}
        self._done: dict[Part, float] = {}
        self._last_s = now_s

    def skip(self, now_s: float) -> None:
        """The time since the last call went into something that doesn't come again."""
        self._last_s = now_s

    def done(self, part: Part, count: int, now_s: float) -> None:
        """The time since the last call went into so many of this part; into none: as `skip`."""
        if count:
            self._spent_s[part] = self._spent_s.get(part, 0.0) * _KEPT + now_s - self._last_s
            self._done[part] = self._done.get(part, 0.0) * _KEPT + count
            self._each_s[part] = self._spent_s[part] / self._done[part]
        self.skip(now_s)

    def expect(self, each_s: EachS) -> None:
        """Take these for the parts to come: the plan has changed."""
        self._each_s = dict(each_s)
        for part in ("closed", "open"):
            self._spent_s.pop(part, None)
            self._done.pop(part, None)

    @property
    def each_s(self) -> EachS:
        """Seconds for one of each part."""
        return self._each_s

    def left_s(self, left: Parts) -> float:
        """Seconds for the rest: at the pace measured, and as planned where nothing was measured yet."""
        return left.seconds(self._each_s)


def in_words(seconds: float) -> str:
    """As exact as one wants to know it: "40 s", "4 min 10 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
