"""Several tests at once: S. Holm, Scandinavian Journal of Statistics 6, 1979."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from bench.analysis.estimate import LEVEL

Key = TypeVar("Key", bound=Hashable)


def holm_levels(p_values: Mapping[Key, float]) -> Mapping[Key, float]:
    """The level of confidence at which each test is decided.

    With m tests the k-th smallest p-value has 1 - 0.05 / (m - k + 1); the first that doesn't reject and all
    after it share that step's level. So an interval at its level excludes 0 exactly where the test rejects.
    """
    levels: dict[Key, float] = {}
    left, rejecting = len(p_values), True
    for key, p_value in sorted(p_values.items(), key=lambda item: item[1]):
        alpha = (1 - LEVEL) / left
        levels[key] = 1 - alpha
        rejecting = rejecting and p_value <= alpha
        left -= rejecting
    return levels
