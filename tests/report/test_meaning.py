"""What the figures mean, in words that follow from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.ask import resolution
from bench.model import Suite
from bench.model.errors import UsageError
from bench.report import FORMATS
from bench.report.sections import page
from tests.make_suite import make_suite

ROOT = Path(__file__).parents[2]
RATES = {"gunicorn": 3000.0, "waitress": 2900.0, "wsgiref": 900.0}


def meaning(suite: Suite) -> tuple[str, ...]:
    return next((part.points for part in page(suite, analyse(suite)).sections if part.id == "meaning"), ())


def with_memory(suite: Suite, **peak_mb: float) -> Suite:
    return replace(
        suite,
        deployments=tuple(
            replace(record, memory_peak_bytes=round(peak_mb[record.deployment.split(".")[0]] * 1e6))
            for record in suite.deployments
        ),
    )


def test_the_fastest_is_said_to_cost_what_it_takes() -> None:
    first, *_ = meaning(with_memory(make_suite(RATES), gunicorn=60, waitress=40, wsgiref=30))
    assert first.startswith("gunicorn has the most throughput. It takes 60.0 MB of memory at its peak ")
    assert "(the least: wsgiref, 30.0 MB)" in first
    assert "ms of CPU a request; workers x threads 1 x 4" in first


@pytest.mark.parametrize(("waitress_mb", "is_reason"), [(40, True), (58, False), (70, False)])
def test_less_memory_speaks_for_the_second_where_it_is_much_less(waitress_mb: float, is_reason: bool) -> None:
    suite = with_memory(make_suite(RATES), gunicorn=60, waitress=waitress_mb, wsgiref=30)
    _, second, _ = meaning(suite)
    assert "waitress" in second
    assert (f"less memory ({waitress_mb:.1f} MB instead of 60.0 MB)" in second) == is_reason


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (
            {"a": 3000.0, "b": 2000.0, "c": 1000.0},
            r"speaks for the second, b, which does 0\.6\d\d times as much, over a",
        ),
        (
            {"a": 3000.0, "b": 2000.0, "c": 2000.0},
            r"speaks for the next, [bc], which does 0\.6\d\d times as much and ties with [bc], over a",
        ),
        (
            {"a": 3000.0, "b": 3000.0, "c": 1000.0},
            r"can't tell [ab], which does \S+ times as much, from [ab] by",
        ),
    ],
    ids=["alone", "two tie for it", "it ties with the first"],
)
def test_the_second_is_so_called_where_it_is_surely_the_second(rates: Mapping[str, float], said: str) -> None:
    _, second, _ = meaning(make_suite(rates, noise_sd=0.02))
    assert re.search(said, second)


def test_what_was_not_measured_is_not_said() -> None:
    *_, unsaid = meaning(make_suite(RATES))
    assert "other settings than these, with other pages, or with more than 1 CPU" in unsaid


@pytest.mark.parametrize(
    "suite", [make_suite({"gunicorn": 3000.0}), make_suite(RATES, claims=False, rounds=1)]
)
def test_without_two_ranked_servers_nothing_is_meant(suite: Suite) -> None:
    assert meaning(suite) == ()


def test_multiples_are_of_the_baseline_that_was_asked_for() -> None:
    suite = make_suite(RATES)
    suite = replace(suite, plan=replace(suite.plan, baseline="waitress"))
    lines = FORMATS["md"](suite, analyse(suite)).splitlines()
    columns, _, *rows = [line.split(" | ") for line in lines if line.startswith("| ")][:5]
    assert columns[2:4] == ["Requests, of waitress's", "95 % interval"]
    assert {row[1]: row[2] for row in rows}["waitress"] == "1"
    assert float({row[1]: row[2] for row in rows}["gunicorn"]) > 1


def test_a_baseline_that_is_not_measured_is_refused() -> None:
    with pytest.raises(UsageError, match=r"there is no baseline 'waitres' \(did you mean 'waitress'"):
        resolution.resolve({"servers": ("waitress", "gunicorn"), "baseline": "waitres"}, ROOT, {})
    with pytest.raises(UsageError, match=r"there is no baseline 'uwsgi'\. Known are waitress, gunicorn"):
        resolution.resolve({"servers": ("waitress", "gunicorn"), "baseline": "uwsgi"}, ROOT, {})


def test_a_better_tail_is_said_by_what_is_typical() -> None:
    """Of all answers the second's p99 may be the higher one, where it stood still."""
    suite = make_suite({"gunicorn": 3000.0, "waitress": 2900.0}, open_rate=None, histograms=False)
    opened = make_suite({"gunicorn": 2000.0, "waitress": 3000.0})
    faster = {case.id for case in opened.plan.cases if "/open" in case.id}
    suite = replace(
        opened,
        trials=(*suite.trials, *(trial for trial in opened.trials if trial.case in faster)),
    )
    _, second, _ = meaning(suite)
    assert "what speaks for it:" in second
    assert "a better p99 (block by block typically 0.5" in second


@pytest.mark.parametrize("announced", [True, False])
def test_a_server_that_closes_connections_is_said_to_whether_it_announces_it_or_not(announced: bool) -> None:
    suite = make_suite(RATES)
    trials = tuple(
        replace(trial, connections=round(trial.answers), silent_close=not announced) for trial in suite.trials
    )
    first, *_ = meaning(replace(suite, trials=trials))
    assert first.endswith("; it closes each connection after its answer.")
