"""The first sentence of a report about somebody's own application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.model import OwnCalls, OwnCost, Suite
from bench.report.answer import sentence
from bench.report.results import groups
from bench.report.sections import page
from tests.make_suite import make_own, make_suite, own_calls

GUNICORN = 2000.0
COST_S = 0.95 / GUNICORN


def run(rates: Mapping[str, float], own: OwnCost, *, line: str = "gunicorn") -> Suite:
    return make_own(make_suite(rates, open_rate=None, histograms=False), line, own)


def said(suite: Suite) -> str:
    analysis = analyse(suite)
    text = sentence(suite, analysis, groups(suite, analysis))
    assert text == page(suite, analysis).verdict[0]
    return text


def test_what_the_best_gives_and_what_any_could_give() -> None:
    text = said(run({"gunicorn": GUNICORN, "uwsgi": 2600.0}, own_calls(0.71 * COST_S)))

    assert text.startswith("For mysite, uwsgi serves 1.3")
    assert "times what your gunicorn line does; 71 % (" in text
    assert "so no server can give more than 1.4" in text


def test_a_baseline_that_nobody_beats() -> None:
    text = said(run({"gunicorn": GUNICORN, "uwsgi": 1500.0}, own_calls(0.5 * COST_S)))

    assert text.startswith(
        "For mysite, no other server serves as much as your gunicorn line; your gunicorn line"
    )
    assert "times what uwsgi, the next, does" in text


def test_a_baseline_that_ties() -> None:
    text = said(run({"gunicorn": GUNICORN, "uwsgi": GUNICORN, "waitress": 1000.0}, own_calls(0.5 * COST_S)))

    assert "no other server surely serves more than your gunicorn line: uwsgi ties with it" in text


def test_without_a_baseline_the_first_is_set_against_the_next() -> None:
    suite = run({"gunicorn": GUNICORN, "uwsgi": 2600.0}, own_calls(0.5 * COST_S), line="none")
    suite = replace(suite, plan=replace(suite.plan, baseline=None))

    assert said(suite).startswith("For mysite, uwsgi serves 1.3")
    assert "times what gunicorn, the next, does; 66 % (" in said(suite)


def test_a_server_alone() -> None:
    text = said(run({"gunicorn": GUNICORN}, own_calls(0.5 * COST_S)))

    assert text.startswith("For mysite, your gunicorn line serves 1,9")
    assert "no server can give more than 2.0" in text


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (own_calls(0.99 * COST_S), "about all of a request's CPU time is the application's own"),
        (own_calls(0.7 * COST_S, covered=0.8), "at least 70 % ("),
        (own_calls(0.7 * COST_S, rounds=1), "about 70 % of a request's CPU time"),
    ],
)
def test_how_sure_it_is(own: OwnCost, words: str) -> None:
    assert words in said(run({"gunicorn": GUNICORN, "uwsgi": 2010.0}, own))


@pytest.mark.parametrize(
    "own",
    [
        # More than behind the server; not known; more than leaves room for what another was seen to give.
        own_calls(1.2 * COST_S),
        replace(
            own_calls(0.3 * COST_S),
            calls=(OwnCalls(1, 1, 0.1 * COST_S, 0.0), OwnCalls(2, 1, 0.5 * COST_S, 0.0)),
        ),
        own_calls(0.9 * COST_S),
        OwnCost("mixed", left_out=("GET / raises KeyError without a server",)),
    ],
)
def test_no_bound_is_claimed_that_the_run_contradicts(own: OwnCost) -> None:
    text = said(run({"gunicorn": GUNICORN, "uwsgi": 2600.0}, own))

    assert "no server can give" not in text
    assert text.endswith("times what your gunicorn line does.")


def test_a_bound_that_was_reached() -> None:
    text = said(run({"gunicorn": GUNICORN, "uwsgi": 2600.0}, own_calls(0.765 * COST_S)))

    assert "is the application's own, so no server can give much more than that." in text


def test_pages_that_wait_have_no_bound_by_cpu() -> None:
    suite = run({"gunicorn": GUNICORN, "uwsgi": 2010.0}, own_calls(0.1 * COST_S, wait_s=0.02))
    idle = tuple(replace(trial, cpu_s=(trial.cpu_s or 0.0) / 5) for trial in suite.trials)

    text = said(replace(suite, trials=idle))

    assert "100 % of a request's time is waiting for something else than a CPU" in text
    assert "no server can give" not in text


def test_an_application_of_the_harness_has_no_such_sentence() -> None:
    suite = make_suite({"gunicorn": GUNICORN, "uwsgi": 2600.0}, open_rate=None, histograms=False)
    analysis = analyse(suite)

    assert sentence(suite, analysis, groups(suite, analysis)) is None


def test_why_it_is_not_known_stands_under_validity() -> None:
    own = OwnCost("mixed", left_out=("POST /cart may write",))
    suite = run({"gunicorn": GUNICORN, "uwsgi": 2600.0}, own)
    validity = next(part for part in page(suite, analyse(suite)).sections if part.id == "validity")

    assert "The application's own cost isn't known: POST /cart may write." in validity.paragraphs
