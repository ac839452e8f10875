"""Steps of several tests at once, against what is enumerated here and the error that they promise."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
import scipy

from bench.analysis.claim import Contrast, decide
from bench.analysis.estimate import Effect
from bench.analysis.figures import THROUGHPUT
from bench.analysis.stepdown import levels, most_equal
from bench.model import Subject


def test_levels_rise_with_the_number_of_tests() -> None:
    decided = levels({"a": 0.001, "b": 0.9, "c": 0.02})
    assert np.allclose([decided[name] for name in "abc"], [1 - 0.05 / 3, 0.95, 0.975])
    assert levels({}) == {}


def test_of_all_pairs_only_so_many_can_be_equal_as_equality_allows() -> None:
    """0.012 and 0.016 are rejected by Shaffer's steps, not by Holm's, which want 0.01 and 0.0125."""
    p_values = dict(enumerate((0.001, 0.012, 0.016, 0.3, 0.5, 0.9)))
    decided = levels(p_values, members=4)
    assert np.allclose([1 - decided[n] for n in range(4)], [0.05 / 6, 0.05 / 3, 0.05 / 3, 0.05 / 3])
    assert np.allclose([1 - levels(p_values)[n] for n in range(2)], [0.05 / 6, 0.05 / 5])


@pytest.mark.parametrize("members", [1, 2, 3, 4, 5, 6])
def test_the_most_equal_pairs_are_those_of_every_way_to_be_equal(members: int) -> None:
    counts = {
        sum(a == b for a, b in combinations(values, 2)) for values in product(range(members), repeat=members)
    }
    for left in range(comb(members, 2) + 1):
        assert most_equal(members, left) == max(count for count in counts if count <= left)


def contrast(a: str, b: str, z: float) -> Contrast:
    subjects = [Subject(name, name, "app", ("mixed",), "closed") for name in (a, b)]
    return Contrast(THROUGHPUT, subjects[0], subjects[1], (1.0, 1.0), Effect(z * 0.1, 0.1, 1e9), 0.01)


def test_pairs_of_old_and_new_are_no_group_of_all_pairs() -> None:
    """Three pairs and three names, each compared with its own past: nothing links their equality."""
    made = [contrast(name, name, z) for name, z in (("a", 5.0), ("b", 2.2), ("c", 0.0))]
    # 0.028 is above 0.05 / 2, Holm's second step; Shaffer's second of a group of three would be 0.05.
    assert [one.better is None for one in decide(made)] == [False, True, True]
    group = [contrast("a", "b", 5.0), contrast("a", "c", 2.2), contrast("b", "c", 0.0)]
    assert [one.better is None for one in decide(group)] == [False, False, True]


def test_any_false_alarm_among_all_pairs_is_as_rare_as_promised() -> None:
    """Three of four are equal: known differences of the fourth must not make the three's steps too easy."""
    rng = np.random.default_rng(4)
    alarms, tries = 0, 2000
    for _ in range(tries):
        means = rng.normal(0, 1, 4) + np.array([0, 0, 0, 9])
        p_values = {
            (a, b): float(2 * scipy.stats.norm.sf(abs(means[a] - means[b]) / np.sqrt(2)))
            for a, b in combinations(range(4), 2)
        }
        decided = levels(p_values, members=4)
        alarms += any(p_values[pair] <= 1 - decided[pair] for pair in ((0, 1), (0, 2), (1, 2)))
    assert scipy.stats.binomtest(alarms, tries, 0.05, alternative="greater").pvalue > 0.001
    assert alarms > tries * 0.02, "and no stricter than need be"
