"""The time in which a page is learned that no scenario knows is in the time that is announced."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.learned import ENOUGH_S, learns
from bench.cli.listing import plan as listed
from bench.live.progress import Reporter
from bench.live.watch import Watch
from bench.model import Plan
from bench.plan.duration import expected_s, parts_of
from bench.plan.layout import PROFILES, make_plan
from bench.plan.lengths import for_minutes

ROOT = Path(__file__).parents[2]


def planned(scenario: str) -> Plan:
    servers = load_servers(ROOT / "docker-compose.yml", {})
    app = load_apps(ROOT / "apps/apps.toml")["hello"]
    two = [servers["werkzeug"], servers["waitress"]]
    return make_plan(PROFILES["standard"], "local", two, [(app, SCENARIOS[scenario])], seed=1, rate=None)


def test_only_pages_that_no_scenario_knows_are_learned() -> None:
    assert {name for name, scenario in SCENARIOS.items() if learns(scenario)} == {"get", "redirect"}


def test_each_deployment_learns_its_page_once() -> None:
    known, unknown = planned("hello"), planned("get")

    assert parts_of(known).learn == 0
    assert parts_of(unknown).learn == len(unknown.deployments) == 3
    assert expected_s(unknown) - expected_s(known) == pytest.approx(3 * ENOUGH_S)
    assert "learning pages 3 s" in listed(unknown)
    assert "learning" not in listed(known)


def test_minutes_leave_time_for_it() -> None:
    for minutes in (0.5, 1.0, 3.0):
        assert for_minutes(planned("get"), minutes, more_rounds=True).expected_s <= minutes * 60


def test_once_it_is_over_no_more_time_is_announced_for_it() -> None:
    plan = planned("get")
    rounds = {number: range(plan.blocks) for number in range(1, plan.rounds + 1)}
    with Reporter(quiet=True) as reporter:
        watch = Watch(plan, reporter, rounds, ())
        list(watch.starting(1, plan.deployments))
        before_s = watch.left_s()
        start_s = watch.each_s["start"]
        watch.started([deployment.name for deployment in plan.deployments], (), once=True)

    assert before_s - watch.left_s() == pytest.approx(3 * ENOUGH_S + 3 * start_s)
    assert watch.each_s["start"] == start_s, "what learning took isn't what a start takes"
