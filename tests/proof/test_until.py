"""Runs that end once their intervals are narrow enough, simulated: the intervals hold the truth."""

from __future__ import annotations

import numpy as np

from bench.analysis.known import FEWEST_ROUNDS
from bench.plan.more_rounds import MOST_ROUNDS
from proof.until import ended, scenes


def test_intervals_hold_the_truth_though_runs_end_by_their_width() -> None:
    """Seeded: the same draws each time."""
    found = [ended(scene, 20) for scene in scenes().values()]
    assert np.mean([one.held for one in found]) >= 0.95
    assert {FEWEST_ROUNDS} < {one.rounds for one in found}
    assert all(FEWEST_ROUNDS <= one.rounds < MOST_ROUNDS for one in found)


def test_without_caution_they_hold_it_more_seldom() -> None:
    scene = scenes()["local, restarts 6%, asked 3%"]
    assert ended(scene, 200, cautious=False).held < ended(scene, 200).held
