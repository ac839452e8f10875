"""No run measures more than a result can hold: it is refused before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis.known import Known
from bench.catalogue.registry import app_from_callable
from bench.catalogue.scenarios import SCENARIOS
from bench.deploy.external import target_server
from bench.model import Plan
from bench.model.errors import UsageError
from bench.model.jsonable import dump
from bench.plan.layout import PROFILES, make_plan
from bench.plan.more_rounds import looked_at
from bench.plan.size import _each, most_rounds
from bench.store import load

REFERENCE = Path(__file__).parents[2] / "results" / "reference"


def plan(
    profile: str = "standard",
    *,
    servers: int = 5,
    rounds: int | None = None,
    minutes: float | None = None,
    until: float | None = None,
    scenarios: Sequence[str] = ("get",),
) -> Plan:
    asked = PROFILES[profile]
    app = app_from_callable("shop:application")
    return make_plan(
        asked if rounds is None else replace(asked, rounds=rounds),
        "local",
        [target_server(f"s{number}", "http://127.0.0.1:1") for number in range(servers)],
        [(app, SCENARIOS[name]) for name in scenarios],
        seed=1,
        rate=None,
        minutes=minutes,
        until=until,
        most_rounds=rounds,
    )


@pytest.mark.parametrize(
    "asked",
    [{"minutes": 300.0}, {"profile": "full", "servers": 9, "scenarios": ("mixed",) * 5}, {"until": 0.015}],
)
def test_what_takes_hours_has_room(asked: dict[str, object]) -> None:
    made = plan(**asked)  # type: ignore[arg-type]
    assert made.rounds <= most_rounds(made)


@pytest.mark.parametrize(
    "asked", [{"minutes": 10_000.0}, {"rounds": 100_000}, {"rounds": 90_000, "until": 0.01}]
)
def test_what_has_no_room_is_refused_with_what_would_have(asked: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"rounds of \d+ trials, and a result has room for [\d,]+ such"):
        plan(**asked)  # type: ignore[arg-type]


def test_a_run_that_goes_on_ends_where_there_is_no_more_room() -> None:
    going_on = replace(plan(until=0.001), most_rounds=None)
    known = Known(0.5, 6)
    assert looked_at(going_on, known, 6, None).rounds == most_rounds(going_on)


@pytest.mark.parametrize("runtime", ["local", "compose"])
def test_trials_that_are_stored_take_no_more_than_is_reckoned_with(runtime: str) -> None:
    suite = load(REFERENCE / runtime)
    cases = {case.id: case for case in suite.plan.cases}
    for trial in suite.trials:
        values, most_bytes = _each(suite.plan, cases[trial.case])
        entry = json.dumps(dump(trial), separators=(",", ":"))
        assert len(entry) < most_bytes
        assert sum(map(entry.count, ",[{")) < values
