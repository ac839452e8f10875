"""`wsgi-bench compare` on two stored results: exit code, message, and what goes where."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.model import Suite
from bench.model.errors import EXIT_NOT_VALID, ResultError
from bench.report.two_runs import FORMATS
from bench.store import RESULT, Writer
from tests.cli.conftest import Here, Said, wsgi_bench
from tests.make_suite import make_suite, without_trials

Store = Callable[[str, Suite], Path]
Compare = Callable[..., Said]
RATES = {"gunicorn": 3000.0, "waitress": 2500.0}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Saves a suite and names its directory."""

    def save(name: str, suite: Suite) -> Path:
        suite = replace(suite, id=name)
        with Writer.create(tmp_path / name, without_trials(suite), analyse) as writer:
            writer.append(trials=suite.trials, deployments=suite.deployments)
            writer.finish(complete=True, finished=suite.finished)
        return tmp_path / name

    return save


@pytest.fixture
def old(store: Store) -> Path:
    return store("old", make_suite(RATES, twin="gunicorn", open_rate=None, seed=1))


@pytest.fixture
def slower(store: Store) -> Path:
    """gunicorn lost a tenth."""
    return store("new", make_suite({**RATES, "gunicorn": 2700.0}, twin="gunicorn", open_rate=None, seed=2))


@pytest.fixture
def compare(here: Here) -> Compare:
    """Runs `wsgi-bench compare ARGUMENTS` in this process."""
    return partial(here, "compare")


def test_a_regression_is_told_and_ends_in_five(old: Path, slower: Path) -> None:
    said = wsgi_bench(
        "compare", old, slower / RESULT, "--fail-if", "throughput < -5%", "--fail-if", "waitress: cpu > 9%"
    )
    assert said.code == 5
    assert "What changed between two runs" in said.out
    assert "Of 2 limits: 1 exceeded, 1 held." in said.out
    (line,) = said.err.splitlines()
    assert line.startswith(
        "wsgi-bench: Limit 'throughput < -5%' exceeded: throughput of gunicorn "
        "(shortly, mixed, closed load of 16 users) -"
    )


def test_without_a_limit_a_regression_is_only_told(compare: Compare, old: Path, slower: Path) -> None:
    said = compare(old, slower)
    assert said.code == 0
    assert said.err == ""
    assert "slower" in said.out


def test_a_limit_that_holds_is_silent(compare: Compare, old: Path, slower: Path) -> None:
    said = compare(old, slower, "--fail-if", "throughput < -20%")
    assert said.code == 0
    assert said.err == ""


def test_what_can_not_be_judged_ends_in_four(compare: Compare, old: Path, store: Store) -> None:
    new = store("new", make_suite({"gunicorn": 3000.0}, twin="gunicorn", open_rate=None, seed=2))
    said = compare(old, new, "--fail-if", "waitress: throughput < -5%", "--fail-if", "p99 > 5%")
    assert said.code == 4
    assert said.err.splitlines() == [
        "wsgi-bench: Limit 'waitress: throughput < -5%' not judged: throughput of waitress "
        "(shortly, mixed, closed load of 16 users): not in NEW.",
        "wsgi-bench: Limit 'p99 > 5%' not judged: p99: neither OLD nor NEW has a p99 of this.",
    ]


def test_everything_wrong_is_named_at_once(compare: Compare, old: Path, slower: Path) -> None:
    said = compare(
        old, slower, "--format", "pdf", "--fail-if", "throughput < 5%",
        "--fail-if", "thruput < -5%", "--fail-if", "gunicron: p99 > 5%", "--fail-if", "throughput < -5%",
    )  # fmt: skip
    assert said.code == 2
    assert said.out == ""
    problems = said.err.splitlines()
    assert len(problems) == 4
    for problem, expected in zip(
        problems,
        ["'throughput < 5%'", "no metric 'thruput'", "no format 'pdf'", "no 'gunicron' to compare"],
        strict=True,
    ):
        assert problem.startswith("wsgi-bench: ")
        assert expected in problem


def test_results_that_are_not_there_are_both_named(compare: Compare, tmp_path: Path) -> None:
    said = compare(tmp_path / "a", tmp_path / "b", "--fail-if", "nonsense")
    assert said.code == 2
    assert [word in line for word, line in zip(("nonsense", "/a", "/b"), said.err.splitlines(), strict=True)]


def test_another_schema_is_refused(compare: Compare, old: Path, slower: Path) -> None:
    document = json.loads((slower / RESULT).read_text())
    (slower / RESULT).write_text(json.dumps({**document, "schema_version": 99}))
    said = compare(old, slower)
    assert said.code == 2
    assert "schema_version" in said.err


def test_another_machine_is_refused_and_other_software_is_told(
    compare: Compare, old: Path, store: Store
) -> None:
    suite = make_suite(RATES, open_rate=None, seed=2)
    other = replace(suite, environment=replace(suite.environment, cpu_model="Other", cpus=64))
    refused = compare(old, store("other", other), "--fail-if", "throughput < -5%")
    assert refused.code == 2
    assert "2 x Example CPU 3000" in refused.err
    assert "64 x Other" in refused.err
    assert "Measure both on one machine" in refused.err
    runner = replace(suite, environment=replace(suite.environment, cpu_model="Other"))
    undecided = compare(old, store("runner", runner), "--fail-if", "throughput < -5%")
    assert undecided.code == EXIT_NOT_VALID
    assert "not judged" in undecided.out
    newer = replace(suite, environment=replace(suite.environment, versions={"gunicorn": "28.0"}))
    told = compare(old, store("newer", newer))
    assert told.code == 0
    assert "version of gunicorn" in told.out


def test_every_format_on_standard_output_or_in_a_file(
    compare: Compare, old: Path, slower: Path, tmp_path: Path
) -> None:
    for name in FORMATS:
        said = compare(old, slower, "--format", name)
        assert said.code == 0
        assert "gunicorn" in said.out
        file = tmp_path / f"changes.{name}"
        written = compare(old, slower, "--format", name, "--out", file)
        assert written.out == f"{file}\n"
        assert file.read_text() == said.out
    changes = json.loads((tmp_path / "changes.json").read_text())["changes"]
    rows = [row for row in csv.DictReader(StringIO((tmp_path / "changes.csv").read_text())) if row["ratio"]]
    assert [float(row["ratio"]) for row in rows] == pytest.approx([c["ratio"] for c in changes], rel=1e-8)
    assert (tmp_path / "changes.html").read_text().startswith("<!DOCTYPE html>")


def test_names_in_results_do_not_act_on_a_terminal(store: Store) -> None:
    with pytest.raises(ResultError, match="isn't printable") as refused:
        store("old", make_suite({"evil\x1b]0;x\x07": 3000.0}, open_rate=None))

    assert "evil?]0;x?" in str(refused.value)
    assert "\x1b" not in str(refused.value)
