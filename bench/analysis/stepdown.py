"""Several tests at once, each at the level that keeps a false alarm anywhere among them at 5 %.

- Any tests: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
  Statistics 6, 1979.
- All pairs of a group: J. Shaffer, "Modified Sequentially Rejective Multiple Test Procedures", Journal of
  the American Statistical Association 81, 1986. If one of three equals the two others, those are equal, too:
  so of the 6 pairs of 4, once one is known to differ, no more than 3 can be equal at once, where Holm reckons
  with 5.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from functools import cache
from typing import TypeVar

from bench.analysis.estimate import LEVEL

Key = TypeVar("Key", bound=Hashable)


def levels(p_values: Mapping[Key, float], members: int | None = None) -> Mapping[Key, float]:
    """The level of confidence at which each test is decided.

    With m tests the k-th smallest p-value has 1 - 0.05 / (m - k + 1), or among all pairs of a group
    1 - 0.05 / (the most of them that may be true at once); the first that doesn't reject and all after it
    share that step's level. So an interval at its level excludes 0 exactly where the test rejects.

    Args:
        members: of the group whose pairs these all are; None for other tests.
    """
    decided: dict[Key, float] = {}
    left, rejecting = len(p_values), True
    for key, p_value in sorted(p_values.items(), key=lambda item: item[1]):
        alpha = (1 - LEVEL) / (left if members is None else most_equal(members, left))
        decided[key] = 1 - alpha
        rejecting = rejecting and p_value <= alpha
        left -= rejecting
    return decided


def most_equal(members: int, left: int) -> int:
    """How many pairs of a group may be equal at once, if no more than `left` of its pairs are."""
    return max(number for number in _equal(members) if number <= left)


@cache
def _equal(members: int) -> frozenset[int]:
    """The numbers of pairs that can be equal: one set of equals, and what the members without it can have."""
    if members < 2:
        return frozenset({0})
    return frozenset(
        math.comb(equals, 2) + others
        for equals in range(1, members + 1)
        for others in _equal(members - equals)
    )
