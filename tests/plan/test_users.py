"""Plans where the users of a locust file make the load: few long trials, as long as their thinking wants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.catalogue.scenarios.locustfile import SCENARIO
from bench.model import LocustFile, LocustUsers, Plan, Trial
from bench.plan.duration import expected_s, parts_of
from bench.plan.layout import PROFILES, make_plan
from bench.plan.lengths import corrected, in_what
from bench.plan.users import for_cycle
from bench.run.pilot import pilot
from tests.make_suite import make_suite

FILE = LocustFile("shop.py", "0" * 64, "2.0", (LocustUsers("Visitor", "HttpUser", 16),))
SUITE = make_suite({"a": 1000.0, "b": 900.0}, rounds=1, blocks=1, open_rate=None)


def planned(profile: str = "standard", minutes: float | None = None, **changes: int) -> Plan:
    deployments = SUITE.plan.deployments
    servers = [deployment.server for deployment in deployments]
    return make_plan(
        replace(PROFILES[profile], **changes),  # type: ignore[arg-type]
        "local", servers, [(deployments[0].app, SCENARIO)],
        seed=1, rate=None, client="locustfile", locust=FILE, given=changes, minutes=minutes,
    )  # fmt: skip


def answered(plan: Plan, each_s: float) -> list[Trial]:
    """A trial of each case in which a user makes a request so often."""
    answers = plan.users * plan.trial_s.closed / each_s
    return [
        replace(
            SUITE.trials[0],
            case=case.id,
            duration_s=plan.trial_s.closed,
            answers=answers,
            failed=0,
            errors={},
        )
        for case in plan.cases
    ]


def test_a_case_a_server_with_the_users_of_the_file_alone() -> None:
    plan = planned()

    assert [case.id for case in plan.cases] == [
        f"{label}/shortly/locustfile/users-16" for label in ("a", "b", "a-twin")
    ]
    assert (plan.rounds, plan.blocks, plan.trial_s.closed) == (6, 1, 8.0)
    assert parts_of(plan).measured == {"closed": 0, "open": 0, "users": 6 * 3}
    assert parts_of(plan).pilot == 3
    # Of three servers within ten minutes.
    assert expected_s(plan) < 600


def test_what_the_user_asked_for_stays() -> None:
    plan = planned(rounds=3, blocks=2)

    assert (plan.rounds, plan.blocks) == (3, 2)


@pytest.mark.parametrize(
    ("each_s", "length_s", "settles_s"),
    [(0.2, 8.0, 2.0), (2.0, 8.0, 3.0), (5.0, 15.0, 7.5), (120.0, 60.0, 20.0)],
)
def test_trials_are_long_enough_for_what_the_first_one_saw(
    each_s: float, length_s: float, settles_s: float
) -> None:
    before = planned()
    plan, _ = pilot(before, lambda plan, _index: answered(plan, each_s), None)

    assert plan.trial_s.closed == pytest.approx(length_s)
    assert plan.cases[0].load.settle_s(plan) == pytest.approx(settles_s)
    told = in_what(before, plan)
    assert told.startswith(f"users think: a trial counts for {length_s:.2g} s") if length_s > 8 else not told


def test_fewer_rounds_where_the_minutes_leave_no_more() -> None:
    before = planned(minutes=4.0)
    plan, _ = pilot(before, lambda plan, _index: answered(plan, 5.0), None)
    each_s = {"start": 0.5, "learn": 0.0, "warm-up": 3.0, "pilot": 11.0, "stop": 0.0}

    fitted, parts_s = corrected(plan, before, each_s, 180.0)

    assert 2 <= fitted.rounds < before.rounds
    # Starting, warming up, and a trial of each of three cases.
    assert fitted.rounds * 3 * (parts_s["users"] + 3.5) <= 180.0 + 3 * 3.5


def test_trials_are_no_longer_than_two_rounds_may_take_in_the_minutes() -> None:
    before = planned(minutes=4.0)

    def settled_and_counted_s(left_s: float) -> float:
        plan = for_cycle(before, 15.0, left_s)
        return plan.trial_s.closed + plan.settle_s

    assert settled_and_counted_s(1000.0) == pytest.approx(45.0 + 20.0)
    # Six trials, with six seconds beside each.
    assert settled_and_counted_s(150.0) == pytest.approx(19.0)
    assert for_cycle(before, 15.0, 20.0).trial_s == before.trial_s


def test_no_answer_says_nothing_of_thinking() -> None:
    before = planned()

    plan, _ = pilot(before, lambda plan, _i: [replace(t, answers=0.0) for t in answered(plan, 1.0)], None)

    assert plan == before
