"""Users start one after the other where answers are slow, and all at once where none is."""

from __future__ import annotations

import time

import pytest

from bench.plan.blocks import block_orders
from bench.plan.lengths import with_settling
from proof.planted.start import planted
from tests.load.trials import SECOND, link_to, run_closed
from tests.make_suite import make_suite

USERS = 8
SETTLE_S = 0.24


def test_users_start_one_after_the_other_within_two_thirds_of_settling() -> None:
    began = time.monotonic_ns()
    with planted("length") as url, link_to(url) as link:
        ran = run_closed(link, users=USERS, length_s=0.05, settle_s=SETTLE_S)
    first = {row.due: row.sent for row in reversed(ran.rows)}
    apart = SETTLE_S * 2 / 3 / USERS * SECOND
    assert sorted(first) == list(range(USERS))
    assert all(first[user] - began >= user * apart for user in first)
    assert ran.window.opened - began >= SETTLE_S * SECOND


@pytest.mark.parametrize(("slow_s", "settles_s"), [(0.0, 0.0), (2.0, 3.0)])
def test_a_trial_settles_for_one_and_a_half_slow_answers_and_up_to_half_as_long_again(
    slow_s: float, settles_s: float
) -> None:
    plan = with_settling(make_suite({"app": 1000.0}, rounds=1, blocks=1).plan, slow_s)
    cases = [case for case in plan.cases if case.load.model == "closed"]
    [order] = block_orders(plan, cases, 1, 0, 0)
    assert settles_s <= order.settle_s <= 1.5 * settles_s
    assert plan.trial_s.closed == max(0.1, 2 * slow_s)
