"""The simulated runs of tails: what is planted is there, and made alike is alike."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bench.model import Suite
from proof import tails
from proof.tails import (
    STANDSTILL_S,
    Pair,
    differences,
    pairs_of,
    references,
    standing_still,
    times,
    told_apart,
)


@cache
def reference() -> Suite:
    return references()[0]


@cache
def pairs() -> list[Pair]:
    return pairs_of(reference())


def test_a_reference_run_has_every_pair_of_its_servers_and_one_of_twins() -> None:
    assert len(pairs()) == 15, "of five servers and a twin"
    assert [pair.twins for pair in pairs()].count(True) == 1
    assert {len(pair.rounds) for pair in pairs()} == {reference().plan.rounds}


def test_made_alike_two_servers_typically_are() -> None:
    slow = max(pairs(), key=lambda pair: abs(float(np.median(differences(pair.blocks, 0.99)))))
    assert abs(np.median(differences(slow.blocks, 0.99))) > 0.5
    assert np.median(differences(slow.made_alike(0.99).blocks, 0.99)) == pytest.approx(0, abs=0.1)


def test_a_standstill_holds_up_what_is_due_in_it() -> None:
    draw = np.random.default_rng(1)
    calm = np.full(100_000, 0.001)
    held_up = standing_still(1.0)(calm, draw)
    late = held_up > 0.001
    assert np.mean(late) == pytest.approx(STANDSTILL_S, rel=0.05), "of a second's answers"
    assert np.mean(held_up[late]) - 0.001 == pytest.approx(STANDSTILL_S / 2, rel=0.05)
    assert np.array_equal(standing_still(0.0)(calm, draw), calm)


def test_what_is_planted_is_found_and_twins_are_not_told_apart() -> None:
    """Seeded: the same 40 runs each time."""
    twins = [pair for pair in pairs() if pair.twins]
    alone, first = told_apart(twins, 0.99, 40)
    assert first <= alone <= 0.1
    assert told_apart(twins, 0.99, 40) == (alone, first)
    assert told_apart(twins, 0.99, 40, times(3.0)) == (1.0, 1.0)
    assert told_apart(twins, 0.99, 40, standing_still(1.0))[0] == 1.0


def test_who_stands_still_by_himself_is_named() -> None:
    trials = [list(of.values()) for of in tails.trials_of(reference()).values()]
    assert tails.said_to_stand_still(trials, 15, standing_still(0.9)) > 0.9
    assert tails.said_to_stand_still(trials, 15, standing_still(0.0)) < 0.1
