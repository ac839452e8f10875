"""A server that doesn't come up is shown as failed at once, and stays so while the others are started."""

from __future__ import annotations

import pytest

from bench.live.watch import Watch
from bench.model import Failure
from tests.live.test_watch import Recorder, everything
from tests.make_suite import make_suite

REASON = "no whole answer in scenario mixed: GET /: it closed the connection without an answer"


@pytest.mark.parametrize("live", [True, False])
def test_it_is_said_once_and_before_the_next_is_started(live: bool) -> None:
    suite = make_suite({"gunicorn": 3000.0, "waitress": 2000.0})
    first, second = suite.plan.deployments[:2]
    failure = Failure(first.name, 1, "probe", REASON, ("RuntimeError: no",))
    reporter = Recorder(live=live)
    watch = Watch(suite.plan, reporter, everything(suite), ())

    starting = watch.starting(1, [first, second])
    assert next(starting) == first
    watch.failed([failure])
    said = f"{first.name} failed: {REASON}"
    assert [text.splitlines()[0] for text in reporter.said if "failed" in text] == [said]
    if live:
        assert reporter.screens[-1].failure[0] == said
    assert next(starting) == second
    watch.started([second.name], [failure])

    states = {line.server: line.state for line in watch.screen().lines}
    assert states == {first.server.name: "failed", second.server.name: "warming up"}
    assert sum(said in text for text in reporter.said) == 1
