"""The figures of a run that goes on are those that the analysis finds in the same trials."""

from __future__ import annotations

import pytest

from bench.analysis import analyse
from bench.analysis.running import RunningLatency, RunningRate
from bench.model import Suite
from tests.make_suite import make_suite


@pytest.fixture(scope="module")
def suite() -> Suite:
    return make_suite({"gunicorn": 3000.0, "waitress": 2000.0}, rounds=6, blocks=40)


def test_a_running_rate_is_that_of_the_analysis_after_every_trial_it_was_asked(suite: Suite) -> None:
    for case in suite.plan.cases:
        running = RunningRate()
        for trial in suite.trials:
            if trial.case == case.id:
                running.add(trial)
                running.estimate()
        assert running.estimate() == analyse(suite).summaries[case.id].figures["throughput_rps"]


def test_a_running_rate_has_no_interval_before_the_sixth_block(suite: Suite) -> None:
    running = RunningRate()
    assert running.estimate() is None
    mine = [trial for trial in suite.trials if trial.case == suite.plan.cases[0].id]
    for trial in mine[:5]:
        running.add(trial)
    few = running.estimate()
    running.add(mine[5])
    enough = running.estimate()

    assert few is not None
    assert few.low is None
    assert enough is not None
    assert enough.low is not None
    assert enough.low < enough.value


def test_a_running_percentile_is_that_of_the_analysis(suite: Suite) -> None:
    summaries = analyse(suite).summaries
    for case in suite.plan.cases:
        running = RunningLatency()
        for trial in suite.trials:
            if trial.case == case.id:
                running.add(trial)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            found = running.percentile(share)
            assert (found.value if found else None) == summaries[case.id].value(name)
            if found is not None:
                assert found.low is not None
                assert found.high is not None
                assert found.low <= found.value * (1 + 1e-9)
                assert found.high >= found.value * (1 - 1e-9)


def test_a_percentile_with_too_few_samples_is_absent(suite: Suite) -> None:
    running = RunningLatency()
    opened = next(trial for trial in suite.trials if trial.case.endswith("/open"))
    running.add(opened)

    median = running.percentile(0.5)
    assert running.percentile(0.99) is None
    assert median is not None
    assert median.low is None
