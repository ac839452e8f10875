"""A plan corrected by what its first trials took, and held within its time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.catalogue.registry import app_from_callable
from bench.catalogue.scenarios import SCENARIOS
from bench.deploy.external import target_server
from bench.model import Plan
from bench.plan.duration import ENDING_S, expected_each_s, expected_s
from bench.plan.layout import PROFILES, make_plan
from bench.plan.lengths import (
    FEWEST_ROUNDS,
    corrected,
    fitted,
    for_minutes,
    in_what,
    remeasured,
    with_lengths,
    with_settling,
)
from bench.plan.rates import with_open_rates


def plan(profile: str = "standard", *, minutes: float | None = None, adapts: bool = True) -> Plan:
    """Five servers and a twin, without a rate."""
    servers = [target_server(name, "http://127.0.0.1:1") for name in ("a", "b", "c", "d", "e")]
    app = app_from_callable("shop:application")
    return make_plan(
        PROFILES[profile],
        "local",
        servers,
        [(app, SCENARIOS["get"])],
        seed=1,
        rate=None,
        minutes=minutes,
        adapts=adapts,
    )


def rated(made: Plan, rps: float) -> Plan:
    return with_open_rates(made, {case.id: rps for case in made.cases if case.load.model == "closed"})


@pytest.mark.parametrize("minutes", [1, 2, 5, 20, 60])
def test_a_run_of_so_many_minutes_is_planned_to_fill_them(minutes: float) -> None:
    made = plan(minutes=minutes)
    assert made.expected_s <= minutes * 60
    assert made.expected_s > minutes * 60 * 0.6
    assert made.rounds >= 2
    assert min(made.blocks, made.open_blocks) >= 1


def test_more_minutes_are_more_rounds_and_a_users_own_number_stays() -> None:
    assert plan(minutes=20).rounds > PROFILES["standard"].rounds
    assert plan(minutes=20).blocks == PROFILES["standard"].blocks
    assert plan(minutes=20, adapts=False).rounds == PROFILES["standard"].rounds


def test_a_fast_application_changes_nothing() -> None:
    made = rated(plan(), 3000.0)
    each_s = {**expected_each_s(made), "pilot": made.trial_s.closed + 0.035}
    after, _ = corrected(made, made, each_s, expected_s(made))
    assert (after.trial_s, after.blocks, after.open_blocks, after.rounds) == (
        made.trial_s,
        made.blocks,
        made.open_blocks,
        made.rounds,
    )
    assert in_what(made, after) == ""


def test_a_slow_page_gets_longer_trials_and_fewer_blocks() -> None:
    """16 users, 45 ms of CPU: 0.7 s an answer, so the shortest trial takes more than two seconds."""
    made = rated(plan(), 22.0)
    each_s = {**expected_each_s(made), "pilot": 2.2}
    after, now_s = corrected(made, made, each_s, expected_s(made))
    assert after.trial_s.closed == pytest.approx(2.0)
    assert after.trial_s.open >= 40 / (0.6 * 22) - 1e-9
    assert after.rounds == 6
    assert 1 <= after.blocks < made.blocks
    took_s = after.rounds * (
        6 * (now_s["start"] + now_s["warm-up"])
        + 6 * (after.blocks * now_s["closed"] + after.open_blocks * now_s["open"])
    )
    assert took_s <= 1.2 * expected_s(made)
    assert "answers take long" in in_what(made, after)


def test_what_the_user_numbered_is_corrected_in_time_only() -> None:
    made = rated(plan(adapts=False), 22.0)
    after, each_s = corrected(made, made, {**expected_each_s(made), "pilot": 2.2}, expected_s(made))
    assert (after.rounds, after.blocks, after.trial_s) == (made.rounds, made.blocks, made.trial_s)
    assert each_s["closed"] == pytest.approx(2.2)


def test_minutes_cost_rounds_where_blocks_alone_do_not_suffice() -> None:
    made = with_settling(rated(plan(minutes=5), 500.0), 5.0)
    after, each_s = corrected(made, plan(minutes=5), {**expected_each_s(made), "pilot": 20.0}, 250.0)
    assert 2 <= after.rounds < made.rounds
    assert (after.blocks, after.open_blocks) == (1, 1)
    assert fitted(after, each_s, 1.0, fewest_rounds=2).rounds == 2


def test_too_few_minutes_leave_trials_as_short_as_asked_for() -> None:
    asked = plan(minutes=1)
    made = with_settling(rated(asked, 500.0), 5.0)
    after, _ = corrected(made, asked, {**expected_each_s(made), "pilot": 16.0}, 20.0)
    assert (after.settle_s, after.trial_s) == (asked.settle_s, asked.trial_s)
    assert (after.blocks, after.open_blocks) >= (1, 1)


def test_slow_answers_get_trials_that_hold_them() -> None:
    made = with_settling(plan(), 1.5)
    assert (made.settle_s, made.trial_s.closed) == (1.5, 3.0)
    assert with_settling(made, 60.0).settle_s == 10.0, "what takes longer is never answered"
    assert "some answers take 1.5 s" in in_what(plan(), made)


@pytest.mark.parametrize("slow_s", [0.16576, 0.0331520001, 0.1, 0.14, 0.7, 1.0004, 3.33333, 9.9999])
def test_lengths_are_said_in_three_digits_and_suffice(slow_s: float) -> None:
    settling = with_settling(plan(), slow_s)
    capacity_rps = 500 / slow_s
    longer = with_lengths(rated(plan(), capacity_rps), slow_s)
    arrivals_s = 40 / (0.6 * capacity_rps)
    for length_s, least_s in (
        (settling.settle_s, slow_s),
        (settling.trial_s.closed, 2 * slow_s),
        (longer.trial_s.closed, min(slow_s, 2.0)),
        (longer.trial_s.open, min(arrivals_s, 10.0) - 1e-9),
    ):
        assert f"{length_s:g}" == f"{length_s:.3g}"
        assert least_s <= length_s


def test_rounds_whose_trials_were_too_short_are_measured_again() -> None:
    asked = plan()
    shorter = replace(rated(asked, 600.0), blocks=3, open_blocks=1)
    after = remeasured(shorter, asked, 2, 1.0)
    assert (after.counted_from, after.rounds) == (3, asked.rounds), "as many as are left"
    assert (after.blocks, after.open_blocks) == (asked.blocks, asked.open_blocks)
    assert all(case.load.rate is None for case in after.cases), "capacities are found again"
    later = remeasured(after, asked, asked.rounds - 1, 2.0)
    assert later.rounds - later.counted_from + 1 == FEWEST_ROUNDS, "as many as a slow application gets"


def test_the_end_of_a_run_is_within_its_minutes() -> None:
    made = for_minutes(plan(), 3, more_rounds=True)
    assert made.minutes == 3
    assert made.expected_s + ENDING_S <= 3 * 60 + 1e-9
