"""Runs in virtual time: they say what their servers do, again and again the same, and intervals hold it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proof.slow_answers import covers
from proof.slow_coverage import coverage, services
from proof.virtual.run import delayed, effect, lognormal, tail


@pytest.mark.parametrize("name", ["a second", "five sixths of the time"])
def test_intervals_hold_the_long_run_of_servers_with_slow_answers(name: str) -> None:
    """Seeded: runs of the same draws. Users who start together have a few rounds left, if any."""
    found = coverage(*services()[name], runs=24)
    assert found.valid >= 0.95
    assert found.held >= 0.875
    assert abs(found.bias) < 0.04


def test_intervals_hold_it_where_a_server_pauses_by_requests() -> None:
    """Few runs, since each takes long; with trials that are equally long none of their intervals holds it."""
    found = coverage(*services()["pauses by requests"], runs=6)
    assert found.valid > 0.8
    assert found.held > 0.6
    assert abs(found.bias) < 0.02


def test_a_run_of_the_same_seed_says_the_same() -> None:
    slow, plain = services()["log-normal"]
    assert effect(slow, plain, 3) == effect(slow, plain, 3) != effect(slow, plain, 4)


def test_the_long_run_of_a_service_and_its_noise() -> None:
    rng = np.random.default_rng(1)
    for service in (tail(0.01, 0.5, 0.02), lognormal(0.01, 1.0)):
        seen = [delayed(service, rng, 20.0, 5.0) for _ in range(200)]
        rates = np.array([one.answers / one.duration_s for one in seen])
        assert rates.mean() == pytest.approx(service.long_run_rps, rel=0.01)
        assert np.log(rates).std() == pytest.approx(service.noise(20.0), rel=0.15)


def test_users_who_start_together_stay_in_step_where_most_time_is_in_slow_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, _ = services()["five sixths of the time"]

    def error(settle_s: float) -> float:
        rng = np.random.default_rng(2)
        seen = [delayed(slow, rng, 2.0, settle_s) for _ in range(150)]
        return sum(one.answers for one in seen) / sum(one.duration_s for one in seen) / slow.long_run_rps - 1

    assert abs(error(1.5)) < 0.05
    monkeypatch.setattr("proof.virtual.run.STARTING", 0.0)
    assert error(1.0) > 0.08


def test_an_interval_holds_another_measurement_within_the_noise_of_both() -> None:
    found = (1.0, math.exp(-0.03), math.exp(0.03))
    assert covers(found, math.exp(0.04), 0.02)
    assert not covers(found, math.exp(0.04), 0.001)
