"""A plan for pages that take long: how many users ask, how long trials are, and what fits into the time.

How long a page takes while nothing else is asked is known from the first probes, or from before the run. How
many of them a server answers at a time says one trial of one server: where pages wait as many as there are
threads, where they compute as many as there are CPUs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bench.analysis.percentiles import PERCENTILES, open_load_s
from bench.model import Case, Load, Plan, TrialLength
from bench.model.loads.closed import SETTLED_S, waiting_s
from bench.model.loads.open import common_rate
from bench.plan.duration import (
    DRIVER_START_S,
    EachS,
    ending_s,
    expected_each_s,
    expected_s,
    is_slow,
    own_cost_s,
    parts_of,
)
from bench.plan.lengths import (
    FEWEST_IN_MINUTES,
    FEWEST_ROUNDS,
    LONGEST_CLOSED_S,
    MOST_STARTING,
    Cost,
    with_lengths,
)
from bench.plan.rates import with_open_rates

LIMIT_S = 600.0
"""The most that slow pages make of a run's time where `--minutes` say nothing, if `_FEWEST_IN_LIMIT` fit."""
_FEWEST_IN_LIMIT = 3
_IN_TIME = 0.8
"""The share of the timeout in which all users are to be answered, and of the users for "all of them"."""
_ALMOST = 0.25
"""Of one more page at a time, which the start of a trial may feign."""
_PACE = 0.95
"""Of the time that is left: the last round is to be in it, though the machine may get slower."""
_OVERHEADS = 3
"""Settling, going on and draining take an answer's time each."""
_OPEN_SHARE = 0.6
"""The most of what closed load leaves that goes into more than a median."""
_OF_A_TRIAL = 100
"""Requests from which a trial's tail tells something; with fewer, one long trial a round is better."""
_MARGIN = 1.1
"""Poisson arrivals may be fewer than expected."""
_SERVER_S = 0.0003
"""What a server takes for itself, about: no page is served as fast as the application alone answers."""
_SOON_S = 0.5
"""Within which all users are to be answered: a trial takes six times as long."""


def for_pages(
    plan: Plan,
    seconds_per_request: float,
    parallel: float | None = None,
    *,
    left_s: float | None = None,
    each_s: EachS | None = None,
) -> Plan:
    """The plan for pages that take so long while nothing else is asked.

    A run makes it by itself from its first probes, of the plan as it was asked for. Before a run it says what
    that will do, and in which time.

    Args:
        plan: as it was asked for. Where slow answers were seen in earlier rounds, these decide instead.
        parallel: how many of them a server with threads enough answers at a time; None before that is known.
            Its time is then that of servers which answer one after the other.
        left_s: until the last trial must have ended, the first round's servers running already; None before
            the run.
        each_s: seconds for one of a part, as far as measured.
    """
    if plan.locust is not None:
        # Its trials are as long as the first ones show that they have to be.
        return plan
    each_s = each_s or {}
    fewest = min(slots(plan).values(), default=1)
    made = replace(plan, page_s=seconds_per_request, parallel=min(parallel or 1.0, fewest))
    for fewest_users in (2, 1):
        asking = made
        if is_slow(made) or parallel is not None:
            asking = _with_users(made, enough_users(made, parallel, fewest_users))
        if is_slow(made) and parallel is not None:
            asking = with_open_rates(asking, _capacities(asking, parallel))
        shaped = plan.claims and plan.adapts
        time_s = _time_s(_with_trials(asking, 1), left_s, each_s)
        asking = _fitted(asking, time_s, each_s) if shaped else with_lengths(_with_trials(asking, 1), 0.0)
        if _Shape(asking, each_s).closed_s() <= time_s:
            break
    return replace(asking, expected_s=expected_s(asking))


def slots(plan: Plan) -> Mapping[str, int]:
    """How many requests each deployment can have in work, as far as there are users; all of these where
    nothing is known of its threads.
    """
    return {
        d.name: min(plan.users, (d.server.workers or plan.users) * (d.server.threads or plan.users))
        for d in plan.deployments
    }


def enough_users(plan: Plan, parallel: float | None, fewest: int) -> int:
    """How many users keep every server busy, and can be answered.

    As many as the profile has, or half of them, as often as it takes until all are answered soon; never
    fewer than are answered at a time (as long as that isn't known, than there are threads), nor more than
    are answered well within the timeout. What the user numbered stays.
    """
    if "users" in plan.given:
        return plan.users
    able = max(slots(plan).values(), default=1)
    busy = able if parallel is None else max(fewest, math.ceil(parallel - _ALMOST))
    number = plan.users
    while number * plan.page_s > _SOON_S * plan.parallel and number > busy:
        number = max(busy, number // 2)
    return max(1, min(number, int(_IN_TIME * plan.timeout_s * plan.parallel / plan.page_s)))


def pilot_plan(plan: Plan) -> Plan:
    """What shows in one trial how many slow pages are answered at a time: closed load of the deployment with
    most threads.
    """
    able = slots(plan)
    first = max((case for case in plan.cases if case.load.waits), key=lambda case: able[case.deployment])
    length = replace(plan.trial_s, closed=max(plan.trial_s.closed, 2 * plan.page_s))
    return replace(plan, cases=(first,), settle_s=plan.page_s, trial_s=length)


def parallel_seen(plan: Plan, users: int, rps: float) -> float:
    """How many pages are answered at a time, where so many users got so many answers a second.

    Where all of the users were answered at once, as many are as there are threads, if that is known.
    """
    seen = max(1.0, rps * plan.page_s)
    able = slots(plan)
    known = [able[d.name] for d in plan.deployments if d.server.threads is not None]
    return float(max(known)) if known and seen >= _IN_TIME * users > 1 else seen


def rate_expected(plan: Plan) -> float:
    """The lowest rate of open load; before it is known, what servers get that answer one after the other."""
    rates = [case.load.rate for case in plan.cases if case.load.rate is not None]
    return min(rates, default=common_rate(1 / (plan.page_s + _SERVER_S), claims=plan.claims))


def _capacities(plan: Plan, parallel: float) -> Mapping[str, float]:
    """Requests a second of each closed case, as far as its threads go."""
    able = slots(plan)
    return {
        case.id: min(parallel, able[case.deployment], case.load.at_once) / plan.page_s
        for case in plan.cases
        if case.load.waits
    }


def _with_users(plan: Plan, most: int) -> Plan:
    """No closed load of more users, where the profile has more; those that become alike are one."""
    if most >= plan.users:
        return plan
    cases = [
        _with_load(case, replace(case.load, at_once=min(case.load.at_once, most)))
        if case.load.waits
        else case
        for case in plan.cases
    ]
    return replace(plan, cases=tuple({case.id: case for case in cases}.values()))


def _with_load(case: Case, load: Load) -> Case:
    before, _, after = case.id.rpartition(f"/{case.load.name}")
    return replace(case, id=f"{before}/{load.name}{after}", load=load)


def _with_trials(plan: Plan, answers: int) -> Plan:
    """Trials of closed load that settle until all users are answered, and count for so many answers of each.

    Where all are answered within a second, they count for as long as settling and draining take.
    """
    longest_s = waiting_s(plan, max((case.load.at_once for case in plan.cases if case.load.waits), default=1))
    if longest_s > SETTLED_S:
        length = replace(plan.trial_s, closed=max(plan.trial_s.closed, answers * longest_s))
        # Each of these trials settles for longer than a warm-up takes.
        return replace(plan, settle_s=longest_s, trial_s=length, warmup_s=0.0)
    counted_s = min(_OVERHEADS * longest_s, LONGEST_CLOSED_S)
    return replace(plan, trial_s=replace(plan.trial_s, closed=max(plan.trial_s.closed, counted_s)))


def limit_s(plan: Plan) -> float:
    """The time that a run may take: as asked for, else what the profile takes; ten minutes where users wait,
    if that is more.
    """
    if plan.minutes is not None:
        return plan.minutes * 60
    waits = plan.page_s * plan.users > _SOON_S / 2
    return max(plan.expected_s, LIMIT_S) if waits else plan.expected_s


def _time_s(plan: Plan, left_s: float | None, each_s: EachS) -> float:
    """For all rounds, from the start of the first one's servers."""
    known_s = {**expected_each_s(plan), **each_s}
    if left_s is not None:
        return _PACE * left_s + Cost.of(plan, known_s).starting_s
    parts = parts_of(plan)
    once_s = parts.learn * known_s["learn"] + parts.pilot * known_s["pilot"]
    return limit_s(plan) - DRIVER_START_S - ending_s(plan) - once_s - own_cost_s(plan)


@dataclass(frozen=True)
class _Shape:
    """A plan with rounds and trials of some length, and the seconds of its parts."""

    plan: Plan
    each_s: EachS

    @property
    def rounds(self) -> int:
        return self.plan.counted_rounds

    @property
    def cost(self) -> Cost:
        return Cost.of(self.plan, {**expected_each_s(self.plan), **self.each_s})

    def closed_s(self) -> float:
        """Of all rounds, with a block of closed load in each."""
        return self.rounds * (self.cost.starting_s + self.cost.closed_s)

    def with_open_load(self, share: float) -> _Shape:
        """Open load that is long enough for a percentile, in blocks that tell of it, or a single long one."""
        plan, rate = self.plan, rate_expected(self.plan)
        needed_s = _MARGIN * open_load_s(share, rate) / self.rounds
        blocks = plan.open_blocks if rate * plan.trial_s.open >= _OF_A_TRIAL else 1
        length = TrialLength(plan.trial_s.closed, max(plan.trial_s.open, needed_s / blocks))
        return replace(self, plan=replace(plan, open_blocks=blocks, trial_s=length))

    def filled(self, time_s: float) -> Plan:
        """As many blocks of closed load as there is time for."""
        cost, plan = self.cost, self.plan
        left_s = time_s / self.rounds - cost.starting_s - plan.open_blocks * cost.open_s
        return replace(plan, blocks=max(1, min(plan.blocks, int(left_s / cost.closed_s))))


def _fitted(plan: Plan, time_s: float, each_s: EachS) -> Plan:
    """As many rounds and blocks as the time allows, and open load for as high a percentile.

    Without time for a median, there is none: its time is better spent on what can be known.
    """
    fewest = FEWEST_IN_MINUTES if plan.minutes is not None else _FEWEST_IN_LIMIT
    shapes = [_Shape(shape, each_s) for shape in _shapes(plan, fewest, time_s, each_s)]
    opened = any(not case.load.waits for case in plan.cases)
    for shape in shapes:
        if opened and shape.rounds >= min(FEWEST_ROUNDS, shapes[0].rounds):
            spare_s = time_s - shape.closed_s()
            for share in reversed(PERCENTILES):
                most_s = spare_s if share == PERCENTILES[0] else spare_s * _OPEN_SHARE
                made = shape.with_open_load(share)
                if made.rounds * made.plan.open_blocks * made.cost.open_s <= most_s:
                    return made.filled(time_s)
    closed = [replace(shape, plan=replace(shape.plan, open_blocks=0)) for shape in shapes]
    return next((shape for shape in closed if shape.closed_s() <= time_s), closed[-1]).filled(time_s)


def _shapes(plan: Plan, fewest: int, time_s: float, each_s: EachS) -> Iterator[Plan]:
    """From what measures most to what takes least: rounds, and how many answers of each user a trial has."""
    before = plan.counted_from - 1
    whole, long, short = plan.rounds - before, _with_trials(plan, 2), _with_trials(plan, 1)
    usual = min(whole, FEWEST_ROUNDS)
    starting_s = _Shape(long, each_s).cost.starting_s
    most = max(usual, min(whole, int(time_s * MOST_STARTING / max(starting_s, 1e-9))))
    for rounds in range(most, usual - 1, -1):
        yield replace(long, rounds=before + rounds)
    for rounds in range(usual, min(whole, fewest) - 1, -1):
        yield replace(short, rounds=before + rounds)
