"""The pilot: before a run measures, it finds how fast each case is, and how long its answers take."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from bench.analysis.checks.facts import MAX_ERROR_RATE
from bench.analysis.slow import slow_s
from bench.model import Plan, Trial
from bench.plan.duration import least_block_s, pilot_blocks
from bench.plan.lengths import with_settling
from bench.plan.rates import with_open_rates
from bench.plan.users import cycle_s, for_cycle
from bench.run.steady import Steady

FEWEST_BLOCKS = 3
"""Fewer say too little of how their trials vary to tell slow answers."""
_TIME_SHARE = 0.05
"""Of the run's time; a block that has begun is ended."""
_AGAIN_SHARE = 0.15
"""Of the time left, for a block of longer trials."""

MOST_TIMES = 4
"""As long as slow answers take is the most that trials settle."""

Block = Callable[[Plan, int], Sequence[Trial]]
"""Runs one block of the loads whose users wait, by its number from 0, as the plan has it."""


def pilot(
    plan: Plan, block: Block, ends_s: float | None, steady: Steady | None = None
) -> tuple[Plan, Mapping[str, float]]:
    """The plan with the rates of open load, and with trials that are long enough for slow answers; and what
    each case did a second.

    Where slow answers are seen, all is found again with longer trials: without them a server seems faster
    than it is in the long run. Where users think, one block shows how long trials have to be.

    Args:
        ends_s: monotonic time at which the run must end; None without `--minutes`.
        steady: sees whether servers keep up what these blocks say; None where that is known.
    """
    if plan.locust is not None:
        cycle = cycle_s(block(plan, 0), plan.users)
        left_s = None if ends_s is None else ends_s - time.monotonic()
        return (plan if cycle is None else for_cycle(plan, cycle, left_s)), {}
    while True:
        trials = _blocks(plan, block, ends_s)
        longer_s = needed_s(plan, trials)
        if longer_s is None:
            break
        plan = with_settling(plan, longer_s)
        if ends_s is not None and least_block_s(plan) > _AGAIN_SHARE * (ends_s - time.monotonic()):
            break
    rates: dict[str, list[float]] = {}
    for trial in trials:
        if trial.answers and trial.failed <= MAX_ERROR_RATE * trial.ok:
            rates.setdefault(trial.case, []).append(trial.answers / trial.duration_s)
    found: Mapping[str, float] = {case: statistics.median(values) for case, values in rates.items()}
    if steady is not None:
        plan, found = steady.look(plan, found)
    return with_open_rates(plan, found), found


def needed_s(plan: Plan, trials: Sequence[Trial]) -> float | None:
    """How long trials must settle, if slow answers falsify these and they can be made longer.

    As long as slow answers take, and longer where that wasn't enough: where most of the time goes into slow
    answers of equal length, users are in step with each other for several of them.
    """
    slow_answers_s = slow_s(plan, trials) if plan.claims else None
    if slow_answers_s is None:
        return None
    longer_s = max(slow_answers_s, 2 * plan.settle_s)
    return (
        longer_s
        if longer_s <= min(plan.timeout_s, MOST_TIMES * slow_answers_s) or not plan.settle_s
        else None
    )


def _blocks(plan: Plan, block: Block, ends_s: float | None) -> list[Trial]:
    trials: list[Trial] = []
    began_s = time.monotonic()
    for number in range(pilot_blocks(plan)):
        trials += block(plan, number)
        now_s = time.monotonic()
        late = now_s - began_s > _TIME_SHARE * plan.expected_s and number + 1 >= FEWEST_BLOCKS
        if late or (ends_s is not None and now_s - began_s > _AGAIN_SHARE * (ends_s - began_s)):
            break
    return trials
