"""How long the trials of each block count: drawn, or pauses by requests would fall into step with them."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import fmean

import pytest

from bench.model import Open, Plan
from bench.plan.blocks import block_orders
from proof.virtual.closed_loop import collecting, trial
from proof.virtual.suite import planned

ROUNDS, BLOCKS = 10, 26


def lengths_s(plan: Plan) -> list[float]:
    """Of a run's closed trials of one case."""
    closed = [case for case in plan.cases if case.load.model == "closed"][:1]
    return [
        block_orders(plan, closed, number, block, 0)[0].length_s
        for number in range(1, ROUNDS + 1)
        for block in range(BLOCKS)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_closed_trials_of_a_block_are_equally_long_and_those_of_blocks_are_not(seed: int) -> None:
    plan = planned(seed).plan
    for block in range(BLOCKS):
        assert len({order.length_s for order in block_orders(plan, plan.cases, 1, block, 0)}) == 1
    drawn = lengths_s(plan)
    assert len(set(drawn)) == ROUNDS * BLOCKS
    assert 0.5 * plan.trial_s.closed <= min(drawn) < 0.55 * plan.trial_s.closed
    assert 1.45 * plan.trial_s.closed < max(drawn) <= 1.5 * plan.trial_s.closed
    # Five standard errors of the mean of so many uniform numbers.
    assert fmean(drawn) == pytest.approx(plan.trial_s.closed, rel=5 * 12**-0.5 / len(drawn) ** 0.5)


def test_what_counts_for_nothing_is_as_long_as_planned() -> None:
    plan = planned(1).plan
    for block in (-3, -2, -1):
        assert {order.length_s for order in block_orders(plan, plan.cases, 1, block, 0)} == {
            plan.trial_s.closed
        }


def test_open_load_and_trials_for_slow_answers_are_as_long_as_planned() -> None:
    slow = replace(planned(1).plan, settle_s=0.4)
    assert set(lengths_s(slow)) == {slow.trial_s.closed}
    load = Open(16, rate=100.0)
    offered = replace(slow, settle_s=0.0, cases=tuple(replace(case, load=load) for case in slow.cases))
    for block in range(3):
        orders = block_orders(offered, offered.cases, 1, block, 0)
        assert {order.length_s for order in orders} == {offered.trial_s.open}


def of_truth(every: int, pause_s: float, base_s: float, lengths: list[float], seed: int) -> float:
    """Throughput by trials of these lengths, as a share of the true one."""
    rng = random.Random(seed)
    draw, answers, seconds = collecting(every, pause_s, base_s), 0.0, 0.0
    for length_s in lengths:
        window, counted = trial(draw, rng, users=16, threads=1, length_s=length_s, settle_s=0.0)
        answers += counted.answers
        seconds += (window.closed - window.opened) / 1e9
    return answers / seconds * (base_s + pause_s / every)


@pytest.mark.parametrize(
    ("every", "pause_s", "base_s"), [(344, 0.06, 0.002), (492, 0.03, 0.0007), (985, 0.06, 0.0007)]
)
def test_pauses_by_requests_do_not_fall_into_step_with_trials(
    every: int, pause_s: float, base_s: float
) -> None:
    plans = [planned(seed).plan for seed in range(4)]
    equal = [0.05] * (ROUNDS * BLOCKS)
    in_step = fmean(of_truth(every, pause_s, base_s, equal, seed) for seed in range(4))
    drawn = fmean(of_truth(every, pause_s, base_s, lengths_s(p), seed) for seed, p in enumerate(plans))
    assert abs(in_step - 1) > 0.02
    assert abs(drawn - 1) < 0.015
