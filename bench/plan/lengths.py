"""How long trials are and how many fit: a plan corrected by what its first trials took."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

from bench.model import Case, LoadModel, Plan, TrialLength
from bench.model.loads import closed
from bench.plan import users
from bench.plan.duration import (
    DRIVER_START_S,
    ENDING_S,
    EachS,
    expected_each_s,
    expected_s,
    of_each_model,
    own_cost_s,
    parts_of,
)

LONGEST_CLOSED_S = 2.0
_LONGEST_OPEN_S = 10.0
# Six trials, one a round, then have what a median takes: 100 answers beyond it.
_OPEN_ARRIVALS = 40
FEWEST_ROUNDS = 6
"""Which a slow application is measured in, however long that takes."""
FEWEST_IN_MINUTES = 2
MOST_STARTING = 1 / 3


def remeasured(plan: Plan, asked: Plan, after: int, slow_s: float) -> Plan:
    """The plan for rounds anew, with trials for slow answers that were seen by the end of a round.

    They are as many as are left, and no fewer than a slow application is measured in; with `--minutes`, which
    bound them anyway, as many as were asked for.

    Args:
        asked: as it was before the pilot.
    """
    rounds = asked.counted_rounds
    if plan.minutes is None:
        rounds = max(rounds - after, min(FEWEST_ROUNDS, rounds))
    plan = replace(with_settling(plan, slow_s), blocks=asked.blocks, open_blocks=asked.open_blocks, beyond={})
    cases = (
        case if case.load.waits else replace(case, load=replace(case.load, rate=plan.rate))
        for case in plan.cases
    )
    return replace(plan, cases=tuple(cases), counted_from=after + 1, rounds=after + rounds)


def with_settling(plan: Plan, slow_s: float) -> Plan:
    """Trials for answers that take `slow_s`: they settle for one and a half of that, and count for two.

    In simulations the rate of such trials is that of the long run, where trials that settle until each user
    was answered once are up to 97 % off (docs/decisions/032-slow-answers.md).
    """
    slow_s = min(plan.timeout_s, _readable(slow_s))
    length = replace(plan.trial_s, closed=max(plan.trial_s.closed, _readable(2 * slow_s)))
    return replace(plan, settle_s=max(plan.settle_s, slow_s), trial_s=length)


def with_lengths(plan: Plan, overhead_s: float) -> Plan:
    """Trials that are worth their settling and draining.

    Closed ones count at least as long as settling and draining take, within 2 s; open ones until some
    arrivals of the lowest rate have come.

    Args:
        overhead_s: what a trial of closed load takes beside what it counts.
    """
    closed_s = max(plan.trial_s.closed, min(_readable(overhead_s), LONGEST_CLOSED_S))
    rates = [case.load.rate for case in plan.cases if case.load.rate is not None]
    arrivals_s = _readable(_OPEN_ARRIVALS / min(rates)) if rates else 0.0
    return replace(
        plan, trial_s=TrialLength(closed_s, max(plan.trial_s.open, min(arrivals_s, _LONGEST_OPEN_S)))
    )


def _readable(seconds: float) -> float:
    """At least as long, in three digits: plan, report and messages all say how long trials are."""
    if seconds <= 0:
        return 0.0
    decimals = 2 - math.floor(math.log10(seconds))
    rounded = round(seconds, decimals)
    return rounded if rounded >= seconds else round(rounded + 10.0**-decimals, decimals)


def each_of(plan: Plan, measured_s: EachS, overhead_s: float) -> EachS:
    """Seconds for one of each part, where a trial of closed load takes so much beside what it counts."""
    answer_s = max(overhead_s, plan.settle_s)
    return {**measured_s, **of_each_model(plan, lambda load: load.takes_s(plan, answer_s))}


def corrected(plan: Plan, asked: Plan, each_s: EachS, left_s: float) -> tuple[Plan, EachS]:
    """The plan by what its pilot took: lengths of trials, as many blocks as fit; and what each takes.

    Where `--minutes` don't leave time for a single block of longer trials, they stay as short as asked for,
    and a case that they falsify says so.

    Args:
        asked: as it was before the pilot.
        each_s: as measured, a trial of the pilot being one of closed load.
        left_s: of the run's time, the servers of its first round running already.
    """
    overhead_s = max(0.0, each_s["pilot"] - closed.settle_s(plan) - plan.trial_s.closed)
    if plan.adapts:
        plan = with_lengths(plan, overhead_s)
    parts_s = each_of(plan, each_s, overhead_s)
    cost = Cost.of(plan, parts_s)
    if plan.minutes is not None and cost.least_s - cost.starting_s > left_s:
        plan = replace(plan, settle_s=asked.settle_s, trial_s=asked.trial_s)
        parts_s = each_of(plan, each_s, overhead_s)
    if plan.adapts or plan.minutes is not None:
        time_s = left_s + Cost.of(plan, parts_s).starting_s
        fewest = FEWEST_ROUNDS if plan.minutes is None else FEWEST_IN_MINUTES
        plan = fitted(plan, parts_s, time_s, fewest_rounds=fewest)
    return plan, parts_s


def fitted(plan: Plan, each_s: EachS, time_s: float, *, fewest_rounds: int) -> Plan:
    """As many blocks as the time allows, at least one of each load a round.

    Args:
        time_s: for all rounds that count, from the start of the first one's servers.
        fewest_rounds: down to which rounds are given up, too, where blocks alone don't suffice or starting
            servers would take most of the time.
    """
    cost = Cost.of(plan, each_s)
    rounds = plan.counted_rounds
    least_s = max(cost.least_s, cost.starting_s / MOST_STARTING)
    rounds = max(min(rounds, int(time_s / least_s)), min(rounds, fewest_rounds))
    left_s = time_s / rounds - cost.starting_s
    share = left_s / (plan.blocks * cost.closed_s + plan.open_blocks * cost.open_s)
    last = plan.counted_from + rounds - 1
    if share >= 1:
        return replace(plan, rounds=last)
    open_blocks = max(1, math.floor(plan.open_blocks * share))
    for_closed_s = left_s - open_blocks * cost.open_s
    blocks = math.floor(for_closed_s / cost.closed_s) if cost.closed_s else plan.blocks
    return replace(plan, rounds=last, blocks=min(plan.blocks, max(1, blocks)), open_blocks=open_blocks)


def least_s(plan: Plan, each_s: EachS) -> float:
    """Seconds for the smallest round: its servers, and one block of each load."""
    return Cost.of(plan, each_s).least_s


def round_s(plan: Plan, each_s: EachS) -> float:
    """Seconds for a whole round."""
    return Cost.of(plan, each_s).whole_s(plan)


def block_s(plan: Plan, each_s: EachS, model: LoadModel) -> float:
    """Seconds for one block."""
    return sum(case.load.model == model for case in plan.cases) * each_s[model]


def in_what(before: Plan, after: Plan, *, rested: bool = False) -> str:
    """What a corrected plan does otherwise, and why; empty if it is little.

    Args:
        rested: whether trials are longer since a server that has rested is faster for a moment.
    """
    if after.locust is not None:
        return users.in_what(before, after)
    closed_s, settle_s = after.trial_s.closed, after.settle_s
    if settle_s > before.settle_s:
        slow = f"some answers take {settle_s:.2g} s"
        why = (
            f"{'a server is faster after a rest' if rested else slow}: closed load settles for "
            f"{closed.settle_s(after):.2g} s and counts for {closed_s:.2g} s"
        )
    elif closed_s >= 2 * before.trial_s.closed:
        why = f"answers take long: a trial of closed load counts for {closed_s:.2g} s"
    elif after.blocks * 2 < before.blocks:
        why = "trials take longer than planned"
    else:
        return ""
    rounds = after.counted_rounds
    opened = f"{after.open_blocks} open blocks" if after.open_blocks else "no open block"
    return f"{why}; {rounds} rounds of {after.blocks} closed and {opened}"


def for_minutes(plan: Plan, minutes: float, *, more_rounds: bool) -> Plan:
    """The plan for a run of so many minutes, before anything is known of the application."""
    each_s = expected_each_s(plan)
    parts = parts_of(plan)
    once_s = parts.learn * each_s["learn"] + parts.pilot * each_s["pilot"]
    time_s = minutes * 60 - DRIVER_START_S - ENDING_S - once_s - own_cost_s(replace(plan, minutes=minutes))
    cost = Cost.of(plan, each_s)
    if more_rounds:
        plan = replace(plan, rounds=max(plan.rounds, int(time_s / cost.whole_s(plan))))
    plan = fitted(replace(plan, minutes=minutes), each_s, time_s, fewest_rounds=FEWEST_IN_MINUTES)
    return replace(plan, expected_s=expected_s(plan))


@dataclass(frozen=True)
class Cost:
    """Seconds of a round: to start, warm up and stop its servers, and for a block of each load.

    Attributes:
        closed_s: for a block of the loads whose users wait.
        open_s: for a block of the others.
    """

    starting_s: float
    closed_s: float
    open_s: float

    @property
    def least_s(self) -> float:
        return self.starting_s + self.closed_s + self.open_s

    def whole_s(self, plan: Plan) -> float:
        """With all of its blocks."""
        return self.starting_s + plan.blocks * self.closed_s + plan.open_blocks * self.open_s

    @classmethod
    def of(cls, plan: Plan, each_s: EachS) -> Self:
        servers = len(plan.deployments)
        waiting = sum(case.load.waits for case in plan.cases)
        return cls(
            servers * (each_s["start"] + each_s["stop"]) + waiting * each_s["warm-up"],
            sum(each_s[case.load.model] for case in plan.cases if case.load.waits),
            sum(each_s[case.load.model] for case in plan.cases if _is_offered(plan, case)),
        )


def _is_offered(plan: Plan, case: Case) -> bool:
    """Whether it is of open load, and there is any."""
    return not case.load.waits and plan.open_blocks > 0 and case.id not in plan.beyond
