"""What a report says of connections: what was seen of them, and 'not known' of what nobody knows."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.analysis.keepalive import by_deployment
from bench.deploy.external import target_server
from bench.model import Suite
from bench.report import FORMATS
from bench.store import load
from tests.make_suite import make_suite
from tests.store.test_store import save


def of_target(per_answer: float, *, silent: bool = False) -> Suite:
    """A run of a target, of which nothing is known, with so many connections an answer."""
    suite = make_suite({"mine": 3000.0}, rounds=2, blocks=2, histograms=False)
    server = target_server("mine", "http://127.0.0.1:8080")
    deployments = tuple(replace(one, server=server) for one in suite.plan.deployments)
    return replace(
        suite,
        plan=replace(suite.plan, runtime="external", deployments=deployments),
        trials=tuple(
            replace(t, connections=round(t.ok * per_answer), silent_close=silent) for t in suite.trials
        ),
    )


def of_server(name: str, per_answer: float) -> Suite:
    """A run of a server whose documentation says whether it keeps connections: wsgiref's says no."""
    suite = make_suite({name: 700.0}, rounds=2, blocks=2, histograms=False)
    return replace(
        suite, trials=tuple(replace(t, connections=round(t.ok * per_answer)) for t in suite.trials)
    )


@pytest.mark.parametrize(
    ("per_answer", "silent", "seen"),
    [
        (0.0, False, "yes"),
        (0.01, False, "yes"),
        (0.1, False, "for 9.9"),
        (0.5, False, "for 2.0"),
        (1.0, False, "no"),
        (1.05, False, "no"),
        (1.0, True, "no, unannounced"),
    ],
)
def test_keep_alive_is_what_was_seen(per_answer: float, silent: bool, seen: str) -> None:
    suite = of_target(per_answer, silent=silent)
    (kept,) = by_deployment(suite).values()
    assert kept.seen.startswith(seen)
    assert not kept.contradicted
    analysis = analyse(suite)
    (row, *_) = csv.DictReader(StringIO(FORMATS["csv"](suite, analysis)))
    assert (row["keep_alive"], row["workers"], row["threads"]) == ("", "", "")
    assert row["keep_alive_seen"] == kept.seen
    page = FORMATS["md"](suite, analysis)
    assert f"| {kept.seen} | not known |" in page
    assert "| Keep-alive, documented | not known |" in page
    assert "0 x 0" not in page
    assert ("mine closes each connection after its answer without saying so" in page) == silent


def test_without_an_answer_nothing_is_known() -> None:
    suite = replace(of_target(0.0), trials=())
    (kept,) = by_deployment(suite).values()
    assert kept.seen == kept.said == "not known"


def test_among_errors_nothing_is_known() -> None:
    """Servers close the connection after many of them."""
    suite = of_server("gunicorn", 1.0)
    wrong = tuple(replace(t, ok=0, failed=t.ok, errors={"status": t.ok}) for t in suite.trials)
    kept_all = tuple(replace(trial, connections=0) for trial in wrong)
    few = tuple(replace(t, ok=t.ok - 1, failed=1, errors={"status": 1}) for t in suite.trials)
    (kept,) = by_deployment(replace(suite, trials=wrong)).values()
    (kept_of_few,) = by_deployment(replace(suite, trials=few)).values()
    (kept_of_all,) = by_deployment(replace(suite, trials=kept_all)).values()
    assert (kept.seen, kept.contradicted) == ("not known", False)
    assert kept_of_all.seen == "yes"
    assert (kept_of_few.seen, kept_of_few.contradicted) == ("no", True)


@pytest.mark.parametrize("model", ["open", "close"])
def test_what_the_load_asked_for_says_nothing_of_the_server(model: str) -> None:
    """Open load opens connections for requests that come together, and `close` asks the server to close."""
    suite = of_target(1.0)
    cases = tuple(
        replace(case, load=replace(case.load, connection="close"))
        for case in suite.plan.cases
        if (model == "open") == (case.load.model == "open")
    )
    ids = {case.id for case in cases}
    if model == "open":
        cases = tuple(case for case in suite.plan.cases if case.id in ids)
    trials = tuple(trial for trial in suite.trials if trial.case in ids)
    (kept,) = by_deployment(replace(suite, plan=replace(suite.plan, cases=cases), trials=trials)).values()
    assert kept.seen == "not known"


@pytest.mark.parametrize(
    ("name", "per_answer", "said"),
    [
        ("gunicorn", 0.0, ""),
        ("gunicorn", 1.0, "gunicorn keeps connections open by its documentation, but was seen to open 1.00"),
        ("wsgiref", 1.0, ""),
        ("wsgiref", 0.0, "wsgiref closes each connection by its documentation, but was seen to open 0"),
    ],
)
def test_a_contradiction_is_a_finding(name: str, per_answer: float, said: str) -> None:
    suite = of_server(name, per_answer)
    for format_name in ("md", "text", "html"):
        words = " ".join(FORMATS[format_name](suite, analyse(suite)).split())
        assert ("by its documentation, but" in words) == bool(said)
        assert said in words


def test_results_of_before_had_zeros_for_what_nobody_knows(tmp_path: Path) -> None:
    suite = of_target(0.0)
    (deployment,) = suite.plan.deployments
    guessed = replace(deployment.server, workers=0, threads=0, keep_alive=True)
    before = replace(suite, plan=replace(suite.plan, deployments=(replace(deployment, server=guessed),)))
    save(tmp_path / "before", before)
    save(tmp_path / "now", suite)

    pages = [
        FORMATS["md"](found, analyse(found)) for found in map(load, (tmp_path / "before", tmp_path / "now"))
    ]

    assert pages[0] == pages[1]
