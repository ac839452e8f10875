"""A generator that was late, told from a server that was slow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bench.analysis.lateness import was_late
from bench.load.records import encode
from bench.model import Trial
from tests.make_suite import make_suite


def test_a_late_generator_is_told_from_a_slow_server() -> None:
    suite = make_suite({"a": 3000.0}, rounds=1, blocks=10)
    waits = {case.id: case.load.waits for case in suite.plan.cases}
    trial: Trial = next(t for t in suite.trials if not waits[t.case])
    slow = encode(np.full(600, 5_000_000))
    assert not was_late(trial)
    assert was_late(replace(trial, histograms={**trial.histograms, "lateness/all": slow}))
    slower = encode(np.full(600, 90_000_000))
    assert not was_late(replace(trial, histograms={"latency/one": slower, "lateness/all": slow}))
    assert was_late(replace(trial, dropped=5, dropped_late=5))
    assert not was_late(next(t for t in suite.trials if waits[t.case]))
