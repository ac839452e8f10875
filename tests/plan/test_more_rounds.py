"""How many rounds a run has that goes on until its ratios are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.analysis.known import FEWEST_ROUNDS, Known
from bench.catalogue.registry import app_from_callable
from bench.catalogue.scenarios import SCENARIOS
from bench.deploy.external import target_server
from bench.model import Plan
from bench.plan.layout import PROFILES, make_plan
from bench.plan.more_rounds import MOST_ROUNDS, looked_at

ASKED = 0.015


def plan(
    profile: str = "standard",
    *,
    rounds: int | None = None,
    minutes: float | None = None,
    until: float | None = ASKED,
) -> Plan:
    asked = PROFILES[profile]
    return make_plan(
        asked if rounds is None else replace(asked, rounds=rounds),
        "local",
        [target_server(name, "http://127.0.0.1:1") for name in ("a", "b")],
        [(app_from_callable("shop:application"), SCENARIOS["get"])],
        seed=1,
        rate=None,
        minutes=minutes,
        until=until,
        most_rounds=rounds,
        adapts=rounds is None,
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_begins_with_as_many_rounds_as_are_looked_at(profile: str) -> None:
    made = plan(profile)
    assert (made.until, made.rounds, made.most_rounds) == (ASKED, FEWEST_ROUNDS, MOST_ROUNDS)
    assert plan(profile, until=None).until is None
    assert plan(profile, until=None).rounds == PROFILES[profile].rounds


def test_the_users_rounds_are_the_most() -> None:
    assert (plan(rounds=9).rounds, plan(rounds=9).most_rounds) == (FEWEST_ROUNDS, 9)


@pytest.mark.parametrize("profile", ["smoke", "standard"])
def test_minutes_say_how_many_rounds_there_may_be(profile: str) -> None:
    made = plan(profile, minutes=20)
    assert made.most_rounds is None
    assert made.rounds == plan(profile, minutes=20, until=None).rounds > FEWEST_ROUNDS
    assert made.expected_s <= 20 * 60


def test_a_run_ends_where_enough_is_known() -> None:
    assert looked_at(plan(), Known(0.014, 6), 6, None).rounds == 6
    assert looked_at(plan(), Known(0.014, 5), 5, None).rounds == FEWEST_ROUNDS, "not before the sixth"


def test_it_goes_on_for_as_many_rounds_as_that_seems_to_take() -> None:
    found = Known(0.02, 8)
    after = looked_at(plan(), found, 8, None)
    assert after.rounds == found.rounds_for(ASKED) > 8
    assert looked_at(after, Known(0.0155, 9), 9, None).rounds < after.rounds, "or fewer, with luck"


def test_it_goes_on_for_no_more_than_it_may() -> None:
    far = Known(0.5, 6)
    assert looked_at(plan(), far, 6, None).rounds == MOST_ROUNDS
    assert looked_at(plan(rounds=9), far, 9, None).rounds == 9
    assert looked_at(plan(minutes=5), far, 7, 2).rounds == 9
    assert looked_at(plan(minutes=5), far, 7, 0).rounds == 7


def test_rounds_that_do_not_count_are_none_of_them() -> None:
    again = replace(plan(rounds=9), counted_from=4, rounds=9)
    assert looked_at(again, Known(0.5, 6), 9, None).rounds == 3 + 9
    assert looked_at(again, Known(0.01, 6), 9, None).rounds == 9


def test_a_run_without_it_or_without_a_ratio_keeps_its_rounds() -> None:
    assert looked_at(plan(until=None), Known(0.5, 6), 6, None) == plan(until=None)
    assert looked_at(plan(), None, 6, None) == plan()
