"""Whether a server's throughput changes while it is measured, apart from what the machine does to all.

A machine whose speed wanders takes every server of a block along. So a case drifts only if it does so by
itself and against the others in the same blocks: the first alone is the machine's drift, the second alone
another server's. What all do alike in every round is the application's, or what the machine does at a start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from bench.analysis.estimate import Effect, effect
from bench.analysis.measured import Measured
from bench.analysis.shares import Rounds, against

SIGNIFICANCE = 0.01
LARGEST = 0.1
"""A change that is let pass, as a fraction."""
_MIN_BLOCKS = 5
_MIN_ROUNDS = 4


def drift(case: Measured, others: Sequence[Measured]) -> float | None:
    """By how much throughput changes from a round's first block to its last; None if that isn't sure.

    Args:
        others: the other cases of its group, each measured once in every block, too.

    Returns:
        A fraction, against the others where there are any.
    """
    return _sure(case, others, _within_rounds)


def drift_over_rounds(case: Measured, others: Sequence[Measured]) -> float | None:
    """As `drift`, from the first round to the last: of what isn't started anew in each."""
    return _sure(case, others, _over_rounds)


def alike(cases: Sequence[Measured]) -> tuple[float, float] | None:
    """How all cases of a group change alike from a round's first block to its last. `drift` takes that for
    the machine's; but what comes again in every round belongs to what is started anew with each.

    Returns:
        The smallest and the largest change, as fractions; None if it isn't sure of each, or is small.
    """
    trends = [_within_rounds(case.log_rates) for case in cases]
    known = [trend for trend in trends if trend is not None]
    if not known or len(known) < len(trends) or any(trend.p_value > SIGNIFICANCE for trend in known):
        return None
    changes = sorted((math.expm1(trend.mean) for trend in known), key=abs)
    same = len({change > 0 for change in changes}) == 1
    return (changes[0], changes[-1]) if same and abs(changes[0]) > LARGEST else None


def _sure(
    case: Measured, others: Sequence[Measured], trend: Callable[[Rounds], Effect | None]
) -> float | None:
    own, beside = trend(case.log_rates), trend(against(case.log_rates, [o.log_rates for o in others]))
    if own is None or beside is None or beside.p_value > SIGNIFICANCE or own.mean * beside.mean < 0:
        return None
    smaller = min(own.mean, beside.mean, key=abs)
    return math.expm1(beside.mean) if abs(math.expm1(smaller)) > LARGEST else None


def _within_rounds(rounds: Rounds) -> Effect | None:
    """A straight line through each round's blocks: its rise from the first to the last, over the rounds.

    Without the slowest block of a round, so that a single pause is no drift.
    """
    rises = []
    for blocks in rounds.values():
        if len(blocks) >= _MIN_BLOCKS:
            slowest = min(blocks, key=lambda block: blocks[block])
            kept = {block: value for block, value in blocks.items() if block != slowest}
            slope = float(np.polyfit(np.array(list(kept)), np.array(list(kept.values())), 1)[0])
            rises.append(slope * float(max(blocks) - min(blocks)))
    return effect(rises)


def _over_rounds(rounds: Rounds) -> Effect | None:
    """A straight line through the rounds' means: its rise from the first to the last, by least squares."""
    if len(rounds) < _MIN_ROUNDS:
        return None
    numbers = np.array(list(rounds), dtype=np.float64)
    levels = np.array([np.mean(list(blocks.values())) for blocks in rounds.values()])
    slope, start = np.polyfit(numbers, levels, 1)
    freedom, off = len(rounds) - 2, numbers - numbers.mean()
    residual = float(np.square(levels - start - slope * numbers).sum())
    error = math.sqrt(residual / freedom / float(np.square(off).sum()))
    return Effect(float(slope * np.ptp(numbers)), error * float(np.ptp(numbers)), freedom)
