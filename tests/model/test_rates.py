"""A rate is said in one way wherever it is said, and a slow one has digits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis.groups import describe
from bench.ask import resolution
from bench.cli import listing
from bench.live.running_figures import RunningFigures
from bench.model import Open
from bench.model.digits import a_second, as_said, significant
from bench.report.repeat import repeat_command
from bench.report.units import number
from tests.make_suite import at_rate, make_suite

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (1_234_567.8, "1,234,568"),
        (1e6, "1,000,000"),
        (999.6, "1,000"),
        (100.0, "100"),
        (99.96, "100"),
        (94.55, "94.5"),
        (9.996, "10.0"),
        (1.0, "1.00"),
        (2 / 3, "0.667"),
        (0.4, "0.400"),
        (0.0123, "0.0123"),
        (0.0, "0"),
        (-0.25, "-0.250"),
    ],
)
def test_a_figure_has_three_significant_digits(rate: float, said: str) -> None:
    assert significant(rate) == number(rate) == said
    assert a_second(rate) == f"{said} a second"
    assert as_said(rate) == float(said.replace(",", ""))


@pytest.mark.parametrize(("rate", "option"), [(1e6, "1000000"), (0.5, "0.5"), (123456.7, "123456.7")])
def test_the_option_has_every_digit(rate: float, option: str) -> None:
    suite = at_rate(make_suite({"a": 3000.0}, rounds=1, blocks=1, histograms=False), rate)
    assert repeat_command(suite).endswith(f"--rate {option}")


@pytest.mark.parametrize(("rate", "said"), [(0.4, "0.400 a second"), (1e6, "1,000,000 a second")])
def test_every_place_says_the_same(rate: float, said: str) -> None:
    suite = at_rate(make_suite({"a": 3000.0}, rounds=1, blocks=1, histograms=False), rate)

    assert describe(Open(256, rate)) == f"open load of {said}"
    assert said in listing.plan(suite.plan)


def test_a_slow_page_has_digits_while_the_run_goes_on() -> None:
    suite = make_suite({"slow": 3000.0}, rounds=1, blocks=1, open_rate=None, histograms=False)
    running = RunningFigures(suite.plan)
    running.add(replace(suite.trials[0], answers=1.0, duration_s=1.5))

    figure = running.reached(suite.plan.cases[0])

    assert figure is not None
    assert figure.text == "0.667 a second"


def test_a_rate_below_one_can_be_asked_for() -> None:
    assert resolution.resolve({"rate": "0.5"}, ROOT, {}).rate == 0.5
