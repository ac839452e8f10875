"""The smoke profile shows whether everything works: its load is no trial of strength."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.cli.listing import plan as listed
from bench.model import Plan
from bench.model.loads.open import EASY_RPS
from bench.plan.layout import PROFILES, make_plan
from bench.plan.lengths import with_lengths
from bench.plan.rates import with_open_rates

ROOT = Path(__file__).parents[2]


def smoke(rate: float | None = None) -> Plan:
    servers = load_servers(ROOT / "docker-compose.yml", {})
    app = load_apps(ROOT / "apps/apps.toml")["hello"]
    two = [servers["werkzeug"], servers["waitress"]]
    return make_plan(PROFILES["smoke"], "local", two, [(app, SCENARIOS["hello"])], seed=1, rate=rate)


def rated(plan: Plan, werkzeug: float, waitress: float = 9_000.0) -> Plan:
    found = {"werkzeug/hello/hello/closed-16": werkzeug, "waitress/hello/hello/closed-16": waitress}
    return with_open_rates(plan, found)


def rates(plan: Plan) -> set[float | None]:
    return {case.load.rate for case in plan.cases if case.load.model == "open"}


@pytest.mark.parametrize("capacity", [170.0, 1_400.0, 20_000.0])
def test_smoke_offers_little_however_much_a_server_can_do(capacity: float) -> None:
    """What a pilot of a third of a second has seen on a busy machine may be far from what follows."""
    assert rates(rated(smoke(), capacity)) == {EASY_RPS}


@pytest.mark.parametrize(("capacity", "rate"), [(100.0, 50.0), (1 / 1.5, 0.333)])
def test_a_slow_application_is_asked_for_half_of_what_it_can_do(capacity: float, rate: float) -> None:
    assert rates(rated(smoke(), capacity)) == {rate}


@pytest.mark.parametrize("capacity", [0.1, 1 / 1.5, 3.0, 30.0, 300.0, 3_000.0])
def test_all_requests_of_a_trial_are_answered_in_time_by_a_server_at_a_third_of_its_pace(
    capacity: float,
) -> None:
    plan = with_lengths(rated(smoke(), capacity), overhead_s=0.1)
    (case,) = [c for c in plan.cases if c.load.model == "open" and c.server == "werkzeug"]
    rate = case.load.rate
    assert rate is not None
    requests = rate * plan.trial_s.open
    assert requests < case.load.at_once / 4, "so none is dropped"
    assert requests / (capacity / 3) - plan.trial_s.open <= plan.timeout_s / 2


def test_a_rate_that_was_asked_for_stays_in_smoke() -> None:
    assert rates(rated(smoke(rate=5_000.0), 1_000.0)) == {5_000.0}


def test_what_smoke_would_offer_is_said_beforehand() -> None:
    assert "80.0 a second, at most half of the slowest" in " ".join(listed(smoke(), width=200).split())
