"""How long a run takes: beforehand from the lengths of its parts, later from its own pace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.catalogue.scenarios.asked import scenario_of
from bench.catalogue.scenarios.learned import ENOUGH_S, learns
from bench.model import MODELS, Load, LoadModel, Plan

PILOT_BLOCKS = 4
_START_S = {"local": 0.8, "compose": 1.5, "external": 0.05}
DRIVER_START_S = 3.0
ENDING_S = 4.0
"""For stopping the last round's servers, and for the reports."""
OWN_OF_THE_RUN = 0.08
"""What an application and servers cost by themselves takes no larger share of a run's time."""
_HELLO_S, _CALLED_S, _CALLED_ROUNDS = 1.5, 1.0, 8
_SETTLES_S = 1.0
"""What a trial settles for at most, unless it is told to."""
# How much the next block leaves of an earlier one's weight: of the last 20 two thirds.
_KEPT = 0.95

Part = str
"""What takes time: "start", "learn", "warm-up", "pilot", "stop", or a load model's name for its trials."""
EachS = Mapping[Part, float]
"""Seconds for one of each part."""


@dataclass(frozen=True)
class Parts:
    """What a run, or the rest of it, consists of.

    Attributes:
        start, stop: servers, counted anew in every round.
        learn: pages that no scenario knows, each of a server, once in the run.
        warm_up, pilot: trials of the loads whose users wait.
        measured: trials of each load model.
    """

    start: int
    warm_up: int
    pilot: int
    measured: Mapping[LoadModel, int]
    stop: int
    learn: int = 0

    def seconds(self, each_s: EachS) -> float:
        """How long these parts take together."""
        return (
            self.start * each_s["start"]
            + self.learn * each_s["learn"]
            + self.warm_up * each_s["warm-up"]
            + self.pilot * each_s["pilot"]
            + sum(number * each_s[model] for model, number in self.measured.items())
            + self.stop * each_s["stop"]
        )


def parts_of(plan: Plan) -> Parts:
    """The parts of a whole run."""
    waiting = sum(case.load.waits for case in plan.cases)
    servers = plan.rounds * len(plan.deployments)
    return Parts(
        start=servers,
        warm_up=plan.rounds * waiting if plan.warmup_s else 0,
        pilot=pilot_trials(plan, waiting) if needs_pilot(plan) or _sees_first(plan) else 0,
        measured={
            name: plan.rounds * model.blocks(plan) * sum(case.load.model == name for case in plan.cases)
            for name, model in MODELS.items()
        },
        stop=servers,
        learn=len(learned_pages(plan)),
    )


def is_slow(plan: Plan) -> bool:
    """Whether pages are so slow that the profile's users, answered one after the other, would wait for longer
    than trials settle.
    """
    return plan.page_s * plan.users > _SETTLES_S


def ending_s(plan: Plan) -> float:
    """For stopping servers, which may be at a page still, and for the reports."""
    return ENDING_S + plan.page_s


def pilot_trials(plan: Plan, cases: int) -> int:
    """How many trials the pilot has, with so many cases whose users wait."""
    return 1 if is_slow(plan) else pilot_blocks(plan) * cases


def learned_pages(plan: Plan) -> set[tuple[str, str]]:
    """Deployment and scenario of each page that the first round has to learn."""
    return {(c.deployment, c.scenario) for c in plan.cases if learns(scenario_of(c.scenario, plan.scenarios))}


def pilot_blocks(plan: Plan) -> int:
    """How many blocks the pilot has; where nothing is claimed, no more than what they are for."""
    if plan.locust is not None:
        return 1
    return PILOT_BLOCKS if plan.claims else min(PILOT_BLOCKS, plan.blocks)


def least_block_s(plan: Plan) -> float:
    """How long one block of the loads whose users wait takes at least."""
    waiting = [case.load for case in plan.cases if case.load.waits]
    return sum(load.settle_s(plan) + load.length_s(plan) for load in waiting)


def needs_pilot(plan: Plan) -> bool:
    """Whether the rate of open load is still to be found."""
    return any(not case.load.ready for case in plan.cases)


def _sees_first(plan: Plan) -> bool:
    """Whether trials are as long as the first ones show that they have to be."""
    return plan.locust is not None and plan.claims


def expected_each_s(plan: Plan) -> EachS:
    """Seconds for one of each part, from its length and its usual overhead; stopping is within starting."""
    waiting = [case.load for case in plan.cases if case.load.waits]
    overhead_s = _mean([load.overhead_s(plan, None) for load in waiting])
    return {
        "start": _START_S[plan.runtime] + plan.page_s,
        "learn": ENOUGH_S + plan.page_s / 2,
        "warm-up": plan.warmup_s + overhead_s if plan.warmup_s else 0.0,
        "pilot": _mean([load.settle_s(plan) + load.length_s(plan) for load in waiting]) + overhead_s,
        "stop": 0.0,
        **of_each_model(plan, lambda load: load.takes_s(plan)),
    }


def of_each_model(plan: Plan, takes_s: Callable[[Load], float]) -> EachS:
    """Seconds for a trial of each load model, on average over its cases; 0 without any."""
    return {
        model: _mean([takes_s(case.load) for case in plan.cases if case.load.model == model])
        for model in MODELS
    }


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def own_cost_s(plan: Plan) -> float:
    """For what somebody's own application and its servers cost by themselves; 0 where that isn't measured."""
    if plan.runtime != "local" or not plan.claims or not plan.scenarios:
        return 0.0
    projects = sum(deployment.app.project is not None for deployment in plan.deployments)
    wanted_s = (_HELLO_S + _CALLED_S * min(plan.rounds, _CALLED_ROUNDS) / len(plan.deployments)) * projects
    return wanted_s if plan.minutes is None else min(wanted_s, OWN_OF_THE_RUN * 60 * plan.minutes)


def expected_s(plan: Plan) -> float:
    """Seconds for the whole run."""
    return DRIVER_START_S + own_cost_s(plan) + parts_of(plan).seconds(expected_each_s(plan))


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
        for part in MODELS:
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
    """A duration as exact as a reader wants it: "40 s", "4 min 10 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
