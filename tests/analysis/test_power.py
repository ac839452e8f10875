"""Of runs like the one that said so, 8 of 10 find the difference that it named."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bench.analysis.estimate import Effect, effect
from bench.analysis.hodges_lehmann import paired_shift
from bench.analysis.power import smallest
from bench.analysis.student import WIDEST

MARGIN = math.log(1.01)


def found(level: float, planted: float, values: list[float]) -> bool:
    """Whether a run of rounds like these, moved by so much, claims a difference."""
    moved = effect([value + planted for value in values])
    assert moved is not None
    low, high = moved.interval(level)
    return not low <= 0 <= high and abs(moved.mean) > MARGIN


@pytest.mark.parametrize("level", [0.95, 0.995])
@pytest.mark.parametrize("rounds", [2, 3, 10])
@pytest.mark.parametrize("noise", [0.05, 0.004], ids=["noisy", "below the margin"])
def test_eight_of_ten_runs_find_it(rounds: int, level: float, noise: float) -> None:
    """Seeded: the same runs each time, of which four standard errors are 6 %."""
    draw = np.random.default_rng(1)
    shares = []
    for _ in range(400):
        this, another = draw.normal(0, noise, (2, rounds)).tolist()
        seen = effect(this)
        assert seen is not None
        shares.append(found(level, smallest(seen, level, MARGIN), another))
    assert np.mean(shares) == pytest.approx(0.8, abs=0.07)


def test_of_a_sure_run_it_is_the_margin() -> None:
    assert smallest(Effect(0.2, 0.0, 9), 0.95, MARGIN) == MARGIN
    assert smallest(Effect(0.2, 1e-6, 9), 0.95, MARGIN) == pytest.approx(MARGIN, rel=1e-3)


def test_of_many_rounds_it_is_the_interval_and_what_chance_takes() -> None:
    """The textbook's 1.96 + 0.84 standard errors."""
    assert smallest(Effect(0.0, 0.1, 100_000), 0.95, MARGIN) == pytest.approx(0.1 * 2.8016, rel=2e-3)


def test_too_few_blocks_for_a_level_find_nothing() -> None:
    of_six = paired_shift([0.1, 0.2, 0.15, 0.12, 0.11, 0.13])
    assert of_six is not None
    assert smallest(of_six, 0.99, MARGIN) == WIDEST
    assert smallest(of_six, 0.95, MARGIN) < 0.5
