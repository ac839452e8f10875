"""Whole reports against those in this folder. `UPDATE_GOLDEN=1` writes them anew: read the difference."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.model import Analysis, Failure, Suite
from bench.report import FORMATS
from bench.report.index import render
from bench.report.index.stored import read
from tests.make_history import FIRST, RATES, run_of, store
from tests.make_suite import encoded, make_own, make_suite, own_calls

FOLDER = Path(__file__).parent
FIVE = {"wsgiref": 700.0, "werkzeug": 900.0, "waitress": 3200.0, "gunicorn": 3000.0, "uwsgi": 3210.0}
LOG = ("Traceback (most recent call last):", "ModuleNotFoundError: No module named 'redis'")


@cache
def standard() -> Suite:
    """With a second endpoint that is faster than the first, and a third that is rare."""
    suite = make_suite(FIVE, twin="gunicorn", seed=4)
    more = {"latency/shorten": encoded(200, 300), "latency/page <404>": encoded(150, 6)}
    trials = (
        replace(t, histograms={**t.histograms, **more}) if "/open" in t.case else t for t in suite.trials
    )
    return replace(suite, trials=tuple(trials))


@cache
def smoke() -> Suite:
    return make_suite(FIVE, claims=False, rounds=1, blocks=3)


@cache
def one_server() -> Suite:
    return make_suite({"gunicorn": 3000.0})


@cache
def twelve_servers() -> Suite:
    return make_suite({f"server-{n}": 1000.0 + 150 * n for n in range(12)}, twin="server-3", blocks=6)


@cache
def all_invalid() -> Suite:
    return make_suite(
        {"gunicorn": 3000.0, "waitress": 3100.0}, error_share={"gunicorn": 0.05, "waitress": 1.0}
    )


@cache
def one_failed() -> Suite:
    failure = Failure("uwsgi.shortly", 1, "start", "it ended with exit code 1 before it answered", LOG)
    return make_suite(FIVE, twin="gunicorn", failures=[failure], absent=["uwsgi"])


@cache
def too_few_for_percentiles() -> Suite:
    suite = make_suite({"gunicorn": 3000.0, "waitress": 3300.0}, open_rate=300.0, rounds=3, blocks=10)
    return replace(suite, complete=False, finished=None, gaps=({"reason": "resumed", "seconds": 12.5},))


@cache
def hostile_names() -> Suite:
    names = {"服务器-快": 3000.0, "<script>alert(1)</script>|`x`": 3300.0, "*_[a](https:b)_*": 2000.0}
    suite = make_suite(names, error_share={"*_[a](https:b)_*": 0.2})
    log = (
        "```",
        "<img src=x onerror=alert(1)>",
        "\x1b]0;title\x07\x1b[31mred",
        "\u202egnp.exe",
        "日志 &amp; {{ 7*7 }}",
    )
    reason = "</pre><script>x</script> | `kill` \n# no heading"
    failure = Failure("*_[a](https:b)_*.shortly", 2, "trial", reason, log)
    return replace(
        suite,
        failures=(failure,),
        environment=replace(suite.environment, cpu_model="<b>CPU</b>", notes=("a|b <i>",)),
    )


@cache
def several_rates() -> Suite:
    """With one server that broke down at its highest rate."""
    suite = make_suite(FIVE, twin="gunicorn", shares=(0.5, 0.8))
    trials = (
        replace(t, ok=t.ok // 2, answers=t.answers / 2, dropped=t.offered - t.ok // 2)
        if t.case == "werkzeug/shortly/mixed/open-80"
        else t
        for t in suite.trials
    )
    return replace(suite, trials=tuple(trials))


@cache
def own_application() -> Suite:
    """Of a project, compared with its user's own server line."""
    hello_s = {"waitress": (68e-6, 70e-6), "uwsgi": (40e-6, 42e-6)}
    left_out = ("POST /cart may write",)
    suite = make_suite({"gunicorn": 2300.0, "waitress": 2700.0, "uwsgi": 3010.0}, twin="gunicorn", seed=4)
    return make_own(suite, "gunicorn", own_calls(0.29e-3, hello_s=hello_s, covered=0.9, left_out=left_out))


SUITES: Mapping[str, Callable[[], Suite]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        standard,
        smoke,
        one_server,
        twelve_servers,
        all_invalid,
        one_failed,
        several_rates,
        too_few_for_percentiles,
        hostile_names,
        own_application,
    )
}


FILES = [
    *((name, ending) for name in SUITES for ending in ("md", "html", "txt", "csv")),
    *((name, "trials.csv") for name in ("smoke",)),
]
_FORMATS = {"txt": "text", "trials.csv": "trials"}


@cache
def analysis(name: str) -> Analysis:
    return analyse(SUITES[name]())


@pytest.mark.parametrize(("name", "ending"), FILES)
def test_golden(name: str, ending: str) -> None:
    rendered = FORMATS[_FORMATS.get(ending, ending)](SUITES[name](), analysis(name))
    compared(f"{name}.{ending}", rendered)


def test_golden_index(tmp_path: Path) -> None:
    """Five runs and a smoke run: a new version makes one server slower, and one run isn't valid."""
    slower = {**RATES, "gunicorn": 2700.0}
    suites = [
        run_of(0, twin="gunicorn"),
        run_of(3),
        run_of(4, error_share={"wsgiref": 0.1}),
        run_of(17, slower, gunicorn="28.0.0"),
        run_of(18, slower, gunicorn="28.0.0", absent=["wsgiref"]),
        run_of(19, claims=False),
    ]
    found = [read(store(suite, tmp_path)) for suite in suites]
    compared("index.html", render(found, FIRST + timedelta(days=40)))


def compared(name: str, rendered: str) -> None:
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(rendered, encoding="utf-8")
    assert rendered == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    expected = {"index.html", *(f"{name}.{ending}" for name, ending in FILES)}
    assert {path.name for path in FOLDER.glob("*.*") if path.suffix != ".py"} == expected
