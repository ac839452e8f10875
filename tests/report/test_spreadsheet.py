"""CSV: what a spreadsheet makes of it, and that a trial's line holds the trial."""

from __future__ import annotations

import csv
from dataclasses import fields, replace
from io import StringIO

import pytest

from bench.analysis import analyse
from bench.model import Suite, Trial
from bench.report import FORMATS
from bench.report.spreadsheet import lines
from tests.golden.test_golden import one_failed
from tests.make_suite import make_suite


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("=1+1", "'=1+1"),
        ("\t=1", "'\t=1"),
        ("-5 %", "'-5 %"),
        (-5.0, "-5"),
        (1 / 3, "0.333333333"),
        (True, "1"),
        (None, ""),
        ("a\x1b[31m", "a\ufffd[31m"),
        ('"a",\n', '"a",\n'),
    ],
)
def test_a_field(value: object, field: str) -> None:
    (row,) = csv.DictReader(StringIO(lines(["x", "y"], [{"x": value, "y": 1}])))
    assert row == {"x": field, "y": "1"}


def trials(suite: Suite) -> list[dict[str, str]]:
    """What a reader finds."""
    return list(csv.DictReader(StringIO(FORMATS["trials"](suite, analyse(suite)))))


def test_a_trial_has_a_line_with_all_its_figures() -> None:
    suite = one_failed()
    rows = trials(suite)
    assert [row["case"] for row in rows] == [trial.case for trial in suite.trials]
    assert {field.name for field in fields(Trial)} - set(rows[0]) == {"histograms", "wrong", "generators"}
    for row, trial in zip(rows, suite.trials, strict=True):
        counts = (trial.round, trial.block, trial.order, trial.offered, trial.ok, trial.failed)
        names = ("round", "block", "order", "offered", "ok", "failed")
        assert tuple(int(row[name]) for name in names) == counts
        assert float(row["duration_s"]) == pytest.approx(trial.duration_s, rel=1e-8)


def test_errors_by_kind_are_one_field_and_what_was_not_read_is_empty() -> None:
    suite = make_suite({"a": 3000.0}, rounds=1, blocks=1, open_rate=None)
    odd = replace(suite.trials[0], failed=4, errors={"status": 3, "timeout": 1}, cpu_s=None, mean_s=None)
    (row,) = trials(replace(suite, trials=(odd,)))
    assert (row["errors"], row["cpu_s"], row["mean_s"]) == ("status=3 timeout=1", "", "")


def test_names_of_trials_are_no_formulas() -> None:
    sums = make_suite({"=1+1": 1000.0}, rounds=1, blocks=1, open_rate=None)
    assert trials(sums)[0]["server"] == "'=1+1"
