"""A figure that is added to the list of figures is in every report, comparison and limit."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree

import pytest

from bench.analysis import analyse, figures
from bench.analysis.compare import compare
from bench.analysis.compare.limits import judge_limits, judge_plan, parse_limits
from bench.analysis.figure import Figure, Unit, of_deployment, rate
from bench.analysis.figures import compared, ranking
from bench.analysis.measured import Measured
from bench.analysis.shares import Share, Shares
from bench.analysis.trend import points
from bench.model import Suite, Trial
from bench.report import FORMATS
from bench.report.index import render
from bench.report.index.stored import read
from bench.report.two_runs import FORMATS as COMPARISONS
from bench.store.document import to_document
from tests.make_history import FIRST, run_of, store
from tests.make_suite import make_suite, make_versions

RATES = {"gunicorn": 3000.0, "waitress": 2500.0}


def connections(one: Measured) -> Shares:
    def of(trial: Trial) -> Share:
        return Share(trial.connections, trial.answers)

    return one.by_round(of)


HANDSHAKES = Figure(
    read=rate(connections),
    key="handshakes_per_request",
    name="handshakes",
    label="handshakes",
    heading="Handshakes",
    unit=Unit("thousandths", times=1e3),
    more_is_better=False,
    loop="closed",
    missing="no two rounds with connections",
    words=("thriftier", "greedier"),
    tables=("closed", "open"),
    bencher="handshakes",
)
STOPS = Figure(
    read=of_deployment(lambda record: 0.5 if record.stopped_cleanly else 10.0, max),
    key="stop_s",
    name="stop",
    label="stop",
    heading="Stop",
    unit=Unit("s"),
    more_is_better=False,
    loop="closed",
    missing="no two stops were timed",
    tables=("closed",),
    bencher="stop",
)


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "OF_A_CASE", [*figures.OF_A_CASE, HANDSHAKES])
    monkeypatch.setattr(figures, "OF_A_DEPLOYMENT", [*figures.OF_A_DEPLOYMENT, STOPS])


def opening(suite: Suite, connections_each: dict[str, int]) -> Suite:
    """Each server opens so many connections for a hundred answers."""
    servers = {case.id: case.server for case in suite.plan.cases}
    return replace(
        suite,
        trials=tuple(
            replace(t, connections=round(t.answers * connections_each.get(servers[t.case], 50)) // 100)
            for t in suite.trials
        ),
    )


def run(**each: int) -> Suite:
    return opening(make_suite(RATES, twin="gunicorn"), {"gunicorn": 20, "gunicorn-twin": 20, **each})


def killed(suite: Suite) -> Suite:
    return replace(suite, deployments=tuple(replace(r, stopped_cleanly=False) for r in suite.deployments))


@pytest.mark.parametrize("name", ["html", "md", "text"])
def test_a_planted_figure_is_in_the_main_tables_and_every_pair_of_each_report(name: str) -> None:
    suite = run()
    report = FORMATS[name](suite, analyse(suite))
    # Capacity and latency; a terminal has no room for what closed load answers beside latency.
    assert report.count("Handshakes") >= (1 if name == "text" else 2)
    assert "thousandths" in report
    assert "Stop" in report
    if name != "text":
        assert "handshakes" in report
        assert "thriftier" in report, "of every pair, which a terminal leaves out"


def test_a_planted_figure_is_in_every_format_for_programs() -> None:
    suite = run()
    analysis = analyse(suite)
    row, *_ = csv.DictReader(StringIO(FORMATS["csv"](suite, analysis)))
    case = row["case"]
    value = analysis.summaries[case].value("handshakes_per_request")
    assert value is not None
    assert float(row["handshakes_per_request"]) == pytest.approx(value)
    assert float(row["handshakes_per_request_low"]) <= value
    assert float(row["stop_s"]) == 0.5
    assert json.loads(FORMATS["bmf"](suite, analysis))[case]["handshakes"]["value"] == value
    assert json.loads(FORMATS["bmf"](suite, analysis))[case]["stop"] == {"value": 0.5}
    xml = ElementTree.fromstring(FORMATS["junit"](suite, analysis).encode())
    assert all("handshakes_per_request 0." in (one.text or "") for one in xml.iter("system-out"))
    for document in (json.loads(FORMATS["json"](suite, analysis)), to_document(suite, analysis, 0)):
        assert document["cases"][0]["summary"]["handshakes_per_request"]["value"] == value
        assert document["cases"][0]["summary"]["stop_s"] == 0.5
        (pair,) = [c for c in document["comparisons"] if c["metric"] == "handshakes_per_request"]
        assert pair["verdict"] == ("slower" if "waitress" in pair["a"] else "faster")


def test_a_planted_figure_is_compared_and_held_to_limits() -> None:
    found = compare(run(), killed(run(waitress=60)))
    verdicts = {(c.subject.server, c.figure): c.better for c in found.changes}
    assert verdicts["waitress", "handshakes"] is False
    assert verdicts["gunicorn", "handshakes"] is None
    assert verdicts["gunicorn", "stop"] is False
    limits, problems = parse_limits(["handshakes > +5%", "gunicorn: handshakes > +5%", "stop > +50%"])
    assert problems == []
    judgements = judge_limits(limits, found)
    assert [one.state for one in judgements] == ["exceeded", "held", "exceeded"]
    for name, write in COMPARISONS.items():
        text = write(found, judgements)
        assert "handshakes" in text, name
        assert "greedier" in text, name
        assert "stop" in text, name
    assert "handshakes, thousandths" in COMPARISONS["md"](found, judgements)
    assert "handshakes" in parse_limits(["speed > +5%"])[1][0], "what is accepted"


def test_a_planted_figure_is_compared_with_an_old_version() -> None:
    made = make_versions(RATES, RATES, fail_if=("handshakes > +5%", "stop > +1%"))
    suite = opening(made, {"gunicorn-old": 40})
    analysis = analyse(suite)
    assert {c.subject.server: c.better for c in analysis.changes if c.figure == "handshakes"} == {
        "gunicorn": False,
        "waitress": None,
    }
    assert [one.state for one in judge_plan(suite.plan, analysis)] == ["exceeded", "held"]
    assert "greedier" in FORMATS["md"](suite, analysis)


def test_what_servers_are_ranked_by_is_a_property_of_the_figure(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is lower than that of throughput, so servers are ranked, and followed, by handshakes."""
    first = replace(HANDSHAKES, ranks=1)
    second = replace(figures.THROUGHPUT, ranks=2)
    others = [f for f in figures.OF_A_CASE if f.key not in (first.key, second.key)]
    monkeypatch.setattr(figures, "OF_A_CASE", [second, *others, first])
    assert compared("closed")[:2] == ranking("closed") == (first, second)
    suite = run(waitress=10)
    best = next(place for place in analyse(suite).ranking if "closed" in place.group)
    assert best.cases == ("waitress/shortly/mixed/closed-16",), "though gunicorn has more throughput"
    results = tmp_path_factory.mktemp("results")
    days = [opening(run_of(day), {"gunicorn": each}) for day, each in ((0, 20), (1, 40))]
    assert {p.figure for p in points(days[0]) if p.case.load.model == "closed"} == {
        "handshakes",
        "throughput",
    }
    page = render([read(store(suite, results)) for suite in days], FIRST)
    assert "gunicorn: handshakes greedier in the run of" in page
