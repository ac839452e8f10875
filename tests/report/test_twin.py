"""What is said of the harness's own error where nothing can be said of it."""

from __future__ import annotations

from bench.analysis import analyse
from bench.model import Suite
from bench.report.outcome import validity
from bench.report.results import groups
from tests.make_suite import make_suite

UNKNOWN = "the harness's own error is not known."


def said(suite: Suite) -> list[str]:
    analysis = analyse(suite)
    section = validity(suite, analysis, groups(suite, analysis))
    return [line for line in section.paragraphs if line.endswith(UNKNOWN)]


def test_a_twin_that_has_no_valid_measurement_was_there() -> None:
    rates = {"waitress": 2000.0, "gunicorn": 1000.0}
    failing = make_suite(rates, twin="gunicorn", error_share={"gunicorn": 0.5})
    without = make_suite(rates)

    assert said(failing) == [f"The twin has no valid measurement: {UNKNOWN}"]
    assert said(without) == [f"No twin was measured: {UNKNOWN}"]
    assert not said(make_suite(rates, twin="gunicorn"))
