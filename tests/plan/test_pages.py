"""A plan for pages as slow as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bench.ask.measured_servers import servers_for_project
from bench.catalogue.registry import load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.model import Learned
from bench.plan.layout import case_of
from bench.plan.pages import enough_users, for_pages, limit_s, parallel_seen, pilot_plan
from bench.plan.rates import rate_for_most
from bench.plan.said import percentiles_in_words, time_in_words
from bench.run.fitting import slowest_page_s
from tests.run.virtual import plan_of

NAMES = ("gunicorn", "waitress", "uwsgi", "granian")
ROOT = Path(__file__).parents[2]


def test_a_fast_page_changes_little() -> None:
    asked = plan_of(NAMES)
    made = for_pages(asked, 0.001)
    assert made.trial_s.closed == asked.trial_s.closed
    assert (made.rounds, made.warmup_s, made.settle_s) == (asked.rounds, asked.warmup_s, 0.0)
    assert {case.id for case in made.cases} == {case.id for case in asked.cases}
    assert time_in_words(asked, made) == ""


@pytest.mark.parametrize("minutes", [None, 5, 10, 30])
@pytest.mark.parametrize("parallel", [1.0, 4.0])
@pytest.mark.parametrize("page_s", [0.02, 0.1, 0.5, 1.8, 3.0])
def test_a_plan_fits_into_its_time(page_s: float, parallel: float, minutes: float | None) -> None:
    asked = plan_of(NAMES, minutes=minutes)
    made = for_pages(asked, page_s, parallel)
    assert made.expected_s <= limit_s(made) + 1
    assert made.rounds >= (3 if minutes is None or minutes > 5 else 2)
    users = max(case.load.at_once for case in made.cases if case.load.waits)
    assert users * page_s / parallel <= 0.8 * made.timeout_s + 1e-9
    assert users >= parallel
    waits_s = page_s * max(1, users / parallel)
    assert waits_s <= 0.9 or made.settle_s >= waits_s, "trials settle until all are answered"


def test_a_plan_is_made_again_once_more_is_known() -> None:
    asked = plan_of(NAMES, minutes=10)
    blindly = for_pages(asked, 1.8)
    informed = for_pages(asked, 1.8, 4.0)
    assert informed.rounds > blindly.rounds
    assert all("closed-4" in case.id for case in informed.cases if case.load.waits)
    assert all(case.load.rate is not None for case in informed.cases if not case.load.waits)


def test_more_time_is_open_load_too() -> None:
    assert for_pages(plan_of(NAMES, minutes=10), 1.8, 4.0).open_blocks == 0
    assert for_pages(plan_of(NAMES, minutes=60), 1.8, 4.0).open_blocks >= 1


def test_what_the_user_numbered_stays() -> None:
    asked = plan_of(NAMES, given={"users": 16}, adapts=False)
    made = for_pages(asked, 0.2, 4.0)
    assert enough_users(made, 4.0, 2) == 16
    assert (made.rounds, made.blocks, made.open_blocks) == (asked.rounds, asked.blocks, asked.open_blocks)


def test_other_numbers_of_users_stay_where_pages_are_fast() -> None:
    asked = plan_of(NAMES, "full")
    users = {case.load.at_once for case in asked.cases if case.load.waits}
    assert {case.load.at_once for case in for_pages(asked, 0.001, 4.0).cases if case.load.waits} == users
    slow = for_pages(asked, 1.8, 4.0)
    assert {case.load.at_once for case in slow.cases if case.load.waits} == {1, 4}
    deployments = {deployment.name: deployment for deployment in slow.deployments}
    # `resume` makes them anew, and takes no others.
    for case in slow.cases:
        assert case == case_of(deployments[case.deployment], SCENARIOS[case.scenario], case.load), (
            "or no resume"
        )


def test_the_pilot_of_a_slow_page_is_one_trial() -> None:
    expected = for_pages(plan_of(NAMES), 1.8)
    (case,) = pilot_plan(expected).cases
    assert case.load.at_once == 4
    assert parallel_seen(expected, 4, 4 / 1.8) == 4
    assert parallel_seen(expected, 4, 1 / 1.8) == pytest.approx(1)
    assert parallel_seen(expected, 2, 2 / 1.8) == 4, "there are more threads than were tried"


def test_what_runs_already_is_asked_by_no_more_users_than_were_seen_to_be_answered() -> None:
    asked = plan_of(NAMES)
    unknown = tuple(
        replace(d, server=replace(d.server, workers=None, threads=None)) for d in asked.deployments
    )
    expected = for_pages(replace(asked, deployments=unknown), 1.8)
    (case,) = pilot_plan(expected).cases
    assert case.load.at_once == 4, "of more, some might wait for longer than the timeout"
    assert parallel_seen(expected, 4, 4 / 1.8) == pytest.approx(4)


def test_where_not_even_three_rounds_fit_the_time_is_said_as_it_is() -> None:
    asked = plan_of([f"server{number}" for number in range(12)])
    made = for_pages(asked, 3.0)
    assert made.rounds == 3
    assert made.expected_s > 900
    said = time_in_words(asked, made)
    assert re.match(r"about \d+ min, since a page takes 3 s; fewer pages, or --minutes 5 for wider", said)


def test_what_a_percentile_needs_is_said() -> None:
    made = for_pages(plan_of(NAMES, minutes=10), 0.02, 4.0)
    assert "p99 needs" in percentiles_in_words(made)
    assert percentiles_in_words(for_pages(plan_of(NAMES, minutes=10), 0.0005, 4.0)).endswith("tell p99")
    assert percentiles_in_words(for_pages(plan_of(NAMES, minutes=10), 3.0, 4.0)).startswith("no time")


@pytest.mark.parametrize(
    ("capacities", "rate"),
    [
        ([100, 90, 80], 48),
        ([100, 90, 1], 54),
        ([100, 1], 0.6),
        ([100, 95, 2, 1], 1.2),
        ([100, 99, 98, 50], 58.8),
        ([100, 99, 98, 60], 36),
    ],
)
def test_most_servers_can_answer_the_rate(capacities: list[float], rate: float) -> None:
    assert rate_for_most(capacities, claims=True) == pytest.approx(rate)


def test_smoke_offers_what_everybody_can_answer() -> None:
    assert rate_for_most([100, 90, 1], claims=False) == 0.5


def test_behind_somebodys_application_no_development_server_is_measured() -> None:
    names = {server.name for server in servers_for_project(load_servers(ROOT / "docker-compose.yml", {}))}
    assert names >= {"gunicorn", "waitress", "uwsgi"}
    assert not names & {"wsgiref", "wsgiref-threaded", "werkzeug"}


def test_the_slowest_page_of_servers_in_the_middle() -> None:
    page = Learned("a", "get", "get", "GET /", 3, 200, "text/html", None, 1, 1, answer_s=0.2)
    others = [replace(page, deployment="b", answer_s=0.3), replace(page, deployment="c", answer_s=9.0)]
    fast = replace(page, endpoint="other", answer_s=0.01)
    assert slowest_page_s([page, *others, fast]) == 0.3
    assert slowest_page_s([replace(page, answer_s=0.0)]) == 0.0
