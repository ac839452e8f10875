"""Blocks of one round that are alike make intervals over blocks wider, and nothing else does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from bench.analysis.compare.welch import shift
from bench.analysis.design_effect import DesignEffect, design_effect
from bench.analysis.estimate import Effect
from bench.analysis.hodges_lehmann import paired_shift
from bench.analysis.tails import typical


def blocks(rounds: list[list[float]]) -> dict[tuple[int, int], float]:
    return {
        (number, block): value for number, values in enumerate(rounds) for block, value in enumerate(values)
    }


@pytest.mark.parametrize("size", [2, 5])
def test_blocks_of_a_round_that_are_equal_count_as_one(size: int) -> None:
    alike = design_effect(blocks([[float(number)] * size for number in range(8)]))
    assert alike.widening == pytest.approx(math.sqrt(size))
    assert alike.freedom == 7


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
    assert design_effect(blocks(rounds)) == DesignEffect(1.0, sum(map(len, rounds)) - 1)


def test_it_is_estimated_as_by_hand() -> None:
    """Ranks 1 and 2, 3 and 5, 4 and 6: squares 0.5 + 2 + 2 within, 2 * (4 + 0.25 + 2.25) between."""
    between, within = 13 / 2, 4.5 / 3
    correlation = (between - within) / (between + within)
    told = design_effect(blocks([[0.1, 0.2], [0.3, 0.5], [0.4, 0.9]]))
    assert told.widening == pytest.approx(math.sqrt(1 + correlation))
    assert told.freedom == 2


def test_a_standstill_in_one_block_does_not_decide_it() -> None:
    rounds = [[0.1, 0.2], [0.3, 0.5], [0.4, 0.9]]
    assert design_effect(blocks(rounds)) == design_effect(blocks([*rounds[:2], [0.4, 900.0]]))


def test_rounds_may_differ_in_size() -> None:
    """Equal blocks in rounds of 1 to 7: a mean over all has the weight of each round's size."""
    alike = design_effect(blocks([[float(size)] * size for size in range(1, 8)]))
    assert alike.widening == pytest.approx(math.sqrt(sum(size**2 for size in range(1, 8)) / 28))


def test_what_is_made_from_few_rounds_is_as_unsure_as_students_t_of_them() -> None:
    plain = paired_shift([0.1, 0.25, 0.31, -0.05, 0.2, 0.12, 0.4, 0.15, 0.33, 0.22, 0.05, 0.28])
    assert plain is not None
    unsure = plain.widened(1.0, 5)
    statistic = t.isf(plain.p_value / 2, 11)
    assert unsure.p_value == pytest.approx(2 * t.sf(statistic, 5))
    for level in (0.8, 0.95, 0.99, 0.995):
        low, high = unsure.interval(level)
        assert (low <= 0 <= high) == (unsure.p_value > 1 - level)
        as_level = 1 - 2 * t.sf(t.isf((1 - level) / 2, 5), 11)
        assert unsure.interval(level) == pytest.approx(plain.interval(as_level))


@pytest.mark.parametrize(("rounds", "size"), [(10, 2), (12, 5), (8, 2)])
@pytest.mark.parametrize("step", [0.05, 0.005], ids=["a pair", "the first of ten pairs"])
def test_twins_whose_restarts_move_them_are_not_told_apart(rounds: int, size: int, step: float) -> None:
    """Seeded: the same runs each time. Restarts move the ratio as much as blocks differ."""
    draw = np.random.default_rng(1)
    runs = [
        blocks((draw.normal(0, 1, (rounds, size)) + draw.normal(0, 1, (rounds, 1))).tolist())
        for _ in range(800)
    ]
    apart = [shift for run in runs if (shift := typical(run)) is not None]
    plain = [shift for run in runs if (shift := paired_shift(list(run.values()))) is not None]
    told = [np.mean([shift.p_value <= step for shift in shifts]) for shifts in (plain, apart)]
    assert told[0] > 1.5 * step
    assert told[1] <= 1.4 * step
    assert [shift.mean for shift in apart] == pytest.approx([shift.mean for shift in plain])


def test_five_rounds_tell_nothing() -> None:
    rounds = [[1.0 + number / 10] * 10 for number in range(6)]
    assert typical(blocks(rounds)) is not None
    assert typical(blocks(rounds[:5])) is None


def test_of_very_many_blocks_those_that_are_used_decide_how_alike_they_are() -> None:
    draw = np.random.default_rng(1)
    values = draw.normal(0, 1, (1001, 2)) + draw.normal(0, 1, (1001, 1))
    many, half = (typical(blocks(rounds.tolist())) for rounds in (values, values[:, :1]))
    assert many is not None
    assert half is not None
    assert many.interval() == pytest.approx(half.interval())


def test_of_two_runs_each_widens_its_own_part() -> None:
    values = tuple(float(number) for number in range(10))

    def width(*widened: float) -> float:
        old, new = (Effect(0.0, 1.0, 9, values, factor, 9) for factor in widened)
        low, high = shift(old, new).interval()
        return high - low

    assert width(2, 2) == pytest.approx(2 * width(1, 1))
    assert width(1, 2) == width(2, 1) == pytest.approx(math.sqrt(2.5) * width(1, 1))
