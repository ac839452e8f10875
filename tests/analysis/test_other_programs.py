"""What other programs took unequally of two servers' CPUs, and what may be claimed then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.analysis import analyse
from bench.analysis.claim import verdict
from bench.analysis.compare import compare
from bench.analysis.figures import THROUGHPUT
from bench.model import NO_DIFFERENCE, Suite
from bench.model.variant import OLD
from bench.report import FORMATS as OF_A_RUN
from bench.report.two_runs import FORMATS
from tests.make_suite import make_suite, make_versions


def beside(suite: Suite, shares: Mapping[str, float]) -> Suite:
    servers = {case.id: case.server for case in suite.plan.cases}
    trials = tuple(
        replace(t, host={**t.host, "others_s": shares[servers[t.case]] * t.duration_s}) for t in suite.trials
    )
    return replace(suite, trials=trials)


def claimed(suite: Suite) -> bool:
    """Whether a is said to be faster."""
    (pair,) = (one for one in analyse(suite).comparisons if one.figure == THROUGHPUT.name)
    return pair.better is not None


@pytest.mark.parametrize(
    ("shares", "told_apart"),
    [
        ({"a": 0.01, "b": 0.01}, True),
        ({"a": 0.01, "b": 0.035}, True),
        ({"a": 0.01, "b": 0.13}, False),
        ({"a": 0.01, "b": 0.05}, True),
        ({"a": 0.13, "b": 0.01}, True),
        ({"a": 0.5, "b": 0.5}, True),
        ({"a": 0.0, "b": 1.0}, False),
    ],
)
def test_a_difference_that_others_may_explain_is_not_claimed(
    shares: Mapping[str, float], told_apart: bool
) -> None:
    """a does 1.1 times as much as b."""
    suite = beside(make_suite({"a": 3300.0, "b": 3000.0}, open_rate=None), shares)
    assert claimed(suite) is told_apart
    ranks = [(rank.rank, rank.last) for rank in analyse(suite).ranking]
    assert ranks == ([(1, 1), (2, 2)] if told_apart else [(1, 2)])


def test_a_difference_larger_than_that_is_claimed() -> None:
    assert claimed(beside(make_suite({"a": 3900.0, "b": 3000.0}, open_rate=None), {"a": 0.01, "b": 0.13}))


def test_shares_of_a_server_of_unknown_cpus_are_not_known() -> None:
    suite = beside(make_suite({"a": 3300.0, "b": 3000.0}, open_rate=None), {"a": 0.01, "b": 0.13})
    unknown = replace(suite.environment, cpu_split=replace(suite.environment.cpu_split, server=()))
    assert claimed(replace(suite, environment=unknown))


@pytest.mark.parametrize(("now", "word"), [({"a": 0.01}, "slower"), ({"a": 0.13}, NO_DIFFERENCE)])
def test_a_run_beside_others_is_not_called_slower_for_that(now: Mapping[str, float], word: str) -> None:
    old = beside(make_suite({"a": 3300.0}, open_rate=None), {"a": 0.01})
    changes = compare(old, beside(make_suite({"a": 3000.0}, open_rate=None, seed=2), now))
    (change,) = (one for one in changes.changes if one.figure == THROUGHPUT.name)
    assert verdict(change) == word
    said = "a, share of its CPU that others used" in FORMATS["text"](changes, ())
    assert said is (word == NO_DIFFERENCE)


@pytest.mark.parametrize(("beside_new", "word"), [(0.01, "slower"), (0.13, NO_DIFFERENCE)])
def test_a_version_that_waits_more_beside_others_is_not_called_slower_for_that(
    beside_new: float, word: str
) -> None:
    run = make_versions({"a": 3000.0}, {"a": 3300.0}, twin=None)
    labels = {case.server for case in run.plan.cases}
    shares = {label: 0.01 if label.endswith(OLD.suffix) else beside_new for label in labels}
    assert len(labels) == 2
    run = beside(run, shares)
    analysis = analyse(run)
    (change,) = (one for one in analysis.changes if one.figure == THROUGHPUT.name)
    assert verdict(change) == word
    assert ("share of its CPU that others" in OF_A_RUN["md"](run, analysis)) is (word == NO_DIFFERENCE)
