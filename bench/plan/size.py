"""How much a plan would store, so that no run measures more than can be read again."""

from __future__ import annotations

from bench.model import Case, Plan
from bench.model.errors import UsageError
from bench.model.ranges import MOST_LOG_BYTES, MOST_VALUES

_USED = 0.75
"""Of what may be read: trials that have errors of many kinds store more than others."""
_ENDPOINTS = 4
"""Of a scenario that isn't the user's own."""


def require_room(plan: Plan) -> None:
    """That a result has room for everything the plan measures.

    Raises:
        UsageError: it has not.
    """
    most = most_rounds(plan)
    last = max(plan.rounds, plan.most_rounds or 0)
    if last > most:
        trials = sum(case.load.blocks(plan) for case in plan.cases)
        raise UsageError(
            f"The run would have {last:,} rounds of {trials:,} trials, and a result has room for {most:,} "
            f"such rounds. Ask for less time (--minutes) or fewer rounds (--rounds), or measure fewer "
            f"servers or scenarios at once."
        )


def most_rounds(plan: Plan) -> int:
    """For how many rounds a result has room."""
    values = bytes_ = 0
    for case in plan.cases:
        values_each, bytes_each = _each(plan, case)
        trials = case.load.blocks(plan)
        values += trials * values_each
        bytes_ += trials * bytes_each
    return int(_USED * min(MOST_VALUES / max(1, values), MOST_LOG_BYTES / max(1, bytes_)))


def _each(plan: Plan, case: Case) -> tuple[int, int]:
    """Values and bytes that a trial of the case adds to the journal: more than those of runs that are stored
    (`tests/plan/test_size.py`). A histogram an endpoint has closed load, two open load.
    """
    own = plan.scenarios.get(case.scenario)
    histograms = len(own.requests) if own else _ENDPOINTS
    if not case.load.waits:
        histograms = 2 * histograms + 1
    return 44 + histograms, 900 + 400 * histograms
