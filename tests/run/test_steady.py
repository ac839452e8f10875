"""A target that is faster for a moment than in the long run is measured by what it keeps up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.model import Plan, Trial
from bench.plan.said import change_in_words
from bench.run.pilot import pilot
from bench.run.steady import STEADY_S, Steady
from tests.make_suite import make_suite

SUITE = make_suite({"limited": 800.0, "other": 800.0}, open_rate=None, rounds=1)
PLAN = SUITE.plan


def asked(plan: Plan, limited_rps: float) -> list[Trial]:
    """A trial of each case."""
    rates, length_s = {"limited": limited_rps, "other": 800.0}, plan.trial_s.closed
    by_case = {trial.case: trial for trial in SUITE.trials}
    return [
        replace(by_case[case.id], duration_s=length_s, answers=rates[case.server] * length_s)
        for case in plan.cases
    ]


@pytest.mark.parametrize(
    ("lasting_rps", "targets", "left_s", "settle_s", "found_rps"),
    [
        (200.0, True, None, STEADY_S, 200.0),
        (200.0, True, 60.0, STEADY_S, 200.0),
        (200.0, True, 10.0, 0.0, 800.0),
        (200.0, False, None, 0.0, 800.0),
        (700.0, True, None, 0.0, 800.0),
    ],
    ids=["saves up", "in time", "no time", "of our own", "keeps up"],
)
def test_what_is_kept_up_counts(
    lasting_rps: float, targets: bool, left_s: float | None, settle_s: float, found_rps: float
) -> None:
    longer: list[Plan] = []

    def for_longer(plan: Plan) -> Sequence[Trial]:
        longer.append(plan)
        return asked(plan, lasting_rps)

    ends_s = None if left_s is None else time.monotonic() + left_s
    steady = Steady(for_longer, ends_s, targets=targets)
    plan, found = pilot(PLAN, lambda plan, _index: asked(plan, 800.0), None, steady)

    assert plan.settle_s == settle_s
    assert found[PLAN.cases[0].id] == pytest.approx(found_rps)
    assert all(made.settle_s == STEADY_S and made.trial_s.closed == 2 * STEADY_S for made in longer)
    if settle_s:
        assert "faster after a rest: closed load settles for 0.94 s" in change_in_words(
            PLAN, plan, rested=steady.slower
        )
