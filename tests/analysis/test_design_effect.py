"""Blocks of one round that are alike make intervals over blocks wider, and nothing else does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from bench.analysis.compare.welch import shift
from bench.analysis.design_effect import widening
from bench.analysis.estimate import Effect
from bench.analysis.hodges_lehmann import paired_shift
from bench.analysis.tails import typical


def blocks(rounds: list[list[float]]) -> dict[tuple[int, int], float]:
    return {
        (number, block): value for number, values in enumerate(rounds) for block, value in enumerate(values)
    }


def t_ratio(rounds: int, of_all: int) -> float:
    return float(t.ppf(0.975, rounds - 1) / t.ppf(0.975, of_all - 1))


@pytest.mark.parametrize("size", [2, 5])
def test_blocks_of_a_round_that_are_equal_count_as_one(size: int) -> None:
    alike = blocks([[float(number)] * size for number in range(8)])
    assert widening(alike) == pytest.approx(math.sqrt(size) * t_ratio(8, 8 * size))


@pytest.mark.parametrize(
    "rounds",
    [
        [[float(number)] for number in range(10)],
        [[float(number) for number in range(10)]],
        [[1.0, -1.0]] * 10,
        [[3.0, 3.0]] * 10,
    ],
    ids=["a block a round", "one round", "rounds alike", "all equal"],
)
def test_no_interval_is_wider_without_cause(rounds: list[list[float]]) -> None:
    assert widening(blocks(rounds)) == 1


def test_it_is_estimated_as_by_hand() -> None:
    """Ranks 1 and 2, 3 and 5, 4 and 6: squares 0.5 + 2 + 2 within, 2 * (4 + 0.25 + 2.25) between."""
    between, within = 13 / 2, 4.5 / 3
    correlation = (between - within) / (between + within)
    told = widening(blocks([[0.1, 0.2], [0.3, 0.5], [0.4, 0.9]]))
    assert told == pytest.approx(math.sqrt(1 + correlation) * t_ratio(3, 6))


def test_a_standstill_in_one_block_does_not_decide_it() -> None:
    rounds = [[0.1, 0.2], [0.3, 0.5], [0.4, 0.9]]
    assert widening(blocks(rounds)) == widening(blocks([*rounds[:2], [0.4, 900.0]]))


def test_rounds_may_differ_in_size() -> None:
    assert 1 < widening(blocks([[1.0, 1.1, 1.2], [2.0, 2.1], [3.0], [4.0, 4.1]])) < 3


@pytest.mark.parametrize(("rounds", "size"), [(10, 2), (12, 5), (8, 2)])
def test_twins_whose_restarts_move_them_are_not_told_apart(rounds: int, size: int) -> None:
    """Seeded: the same runs each time. The restarts of both move the ratio as much as blocks differ."""
    draw = np.random.default_rng(1)
    runs = [
        blocks((draw.normal(0, 1, (rounds, size)) + draw.normal(0, 1, (rounds, 1))).tolist())
        for _ in range(400)
    ]
    apart = [shift for run in runs if (shift := typical(run)) is not None]
    plain = [shift for run in runs if (shift := paired_shift(list(run.values()))) is not None]
    assert np.mean([shift.p_value <= 0.05 for shift in plain]) > 0.08
    assert np.mean([shift.p_value <= 0.05 for shift in apart]) <= 0.065
    assert [shift.mean for shift in apart] == pytest.approx([shift.mean for shift in plain])


def test_two_rounds_tell_nothing() -> None:
    assert typical(blocks([[1.0] * 10, [1.1] * 10])) is None


def test_of_two_runs_each_widens_its_own_part() -> None:
    values = tuple(float(number) for number in range(10))

    def width(*widened: float) -> float:
        old, new = (Effect(0.0, 1.0, 9, values, factor) for factor in widened)
        low, high = shift(old, new).interval()
        return high - low

    assert width(2, 2) == pytest.approx(2 * width(1, 1))
    assert width(1, 2) == width(2, 1) == pytest.approx(math.sqrt(2.5) * width(1, 1))
