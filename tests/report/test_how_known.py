"""What a report says of a run that was to go on until its ratios were known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bench.analysis import analyse
from bench.report import FORMATS
from bench.report.how_known import lines
from tests.make_suite import make_suite, make_versions

RATES = {"gunicorn": 3000.0, "waitress": 2500.0}


def said(within: float | None, *, complete: bool = True, rounds: int = 7, **changes: Any) -> list[str]:
    suite = make_suite(RATES, rounds=rounds, blocks=6, open_rate=None, histograms=False)
    plan = replace(suite.plan, until=within, **changes)
    suite = replace(suite, plan=plan, complete=complete)
    return list(lines(suite, analyse(suite)))


def test_a_run_that_got_there_says_when() -> None:
    first, second = said(0.5)
    assert first.startswith("The ratios of throughput between servers next to each other are known to ±")
    assert first.endswith(" % at worst, as asked (±50 %): the run ended after 7 rounds.")
    assert "lucky moment" in second


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"most_rounds": 7}, "7 are the most that it could take"),
        ({"minutes": 5}, "--minutes 5 were over"),
        ({"minutes": 5, "most_rounds": 7}, "7 are the most that it could take"),
        ({"minutes": 5, "most_rounds": 60}, "--minutes 5 were over"),
        ({"most_rounds": 5, "counted_from": 3}, "5 are the most that it could take"),
    ],
    ids=["rounds", "minutes", "both, by rounds", "both, by minutes", "measured again"],
)
def test_a_run_that_did_not_says_why(changes: dict[str, Any], why: str) -> None:
    counted = 8 - changes.get("counted_from", 1)
    text = said(0.0005, **changes)[0]
    assert text.endswith(f" % at worst after {counted} rounds, and not to ±0.05 % as asked: {why}.")


def test_an_interrupted_run_says_how_far_it_is() -> None:
    assert said(0.0005, complete=False, most_rounds=60)[0].endswith(
        "after 7 rounds so far; ±0.05 % is asked."
    )


def test_a_run_without_a_ratio_and_one_that_was_not_asked() -> None:
    assert said(0.015, rounds=1) == [
        "The run was to end once ratios of throughput were known to ±1.5 %, and knows none."
    ]
    assert said(None) == []


def test_of_two_versions_it_is_about_these() -> None:
    suite = make_versions(RATES, RATES)
    suite = replace(suite, plan=replace(suite.plan, until=0.5))
    assert "The ratios of throughput of each server's two versions are known" in next(
        lines(suite, analyse(suite))
    )


@pytest.mark.parametrize("name", ["text", "md", "html"])
def test_every_report_for_people_says_it(name: str) -> None:
    suite = make_suite(RATES, blocks=6)
    suite = replace(suite, plan=replace(suite.plan, until=0.5))
    shown = " ".join(FORMATS[name](suite, analyse(suite)).split())
    assert "as asked (±50 %): the run ended after 6 rounds." in shown
