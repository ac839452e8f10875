"""Rare standstills: who stood still in more of its trials of open load than the others did.

A percentile over all answers can't tell them from the machine's, which meet every server. Their number can:
R. Fisher's exact test (Journal of the Royal Statistical Society 85, 1922) of one server's trials against all
the others'.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.analysis.estimate import Values
from bench.analysis.measured import Measured
from bench.model import Stalls

ANSWERS, LEAST_S, MEDIANS = 5, 0.025, 5
"""A trial stood still in which so many answers took longer than this and than so many of their medians."""
SURE = 0.01
"""The share of servers that do as all others do and are said to stand still more often all the same."""


def stalls(members: Sequence[Measured]) -> tuple[Stalls, ...]:
    """Each server against all others, its own twin left out; nothing without others, or of closed load.

    Args:
        members: the valid cases of a group, with twins.
    """
    if not members or members[0].case.load.loop == "closed":
        return ()
    counts = {case.case.id: (_stood_still(case), len(case.trials)) for case in members}
    return tuple(
        _against(case, counts[case.case.id], [counts[other.case.id] for other in others])
        for case in members
        if case.deployment.variant.kind.ranked
        if (others := [other for other in members if other.deployment.server != case.deployment.server])
    )


def more_often(stalled: int, trials: int, others_stalled: int, others_trials: int) -> float:
    """The chance of so many standstills, or more, among these trials, were those of all dealt out blindly."""
    of_all = stalled + others_stalled
    dealt: Values = np.arange(stalled, min(trials, of_all) + 1, dtype=np.float64)
    ways: Values = _log_ways(trials, dealt) + _log_ways(others_trials, of_all - dealt)
    return min(1.0, float(np.exp(ways - _log_ways(trials + others_trials, of_all)).sum()))


def _log_ways(trials: int, number: Values | float) -> Values:
    """The logarithm of the number of ways to choose so many of the trials."""
    # As in `student`.
    from scipy.special import gammaln

    ways: Values = gammaln(trials + 1) - gammaln(np.add(number, 1)) - gammaln(np.subtract(trials + 1, number))
    return ways


def _against(case: Measured, own: tuple[int, int], others: Sequence[tuple[int, int]]) -> Stalls:
    stalled, trials = (sum(numbers) for numbers in zip(*others, strict=True))
    chance = more_often(*own, stalled, trials)
    return Stalls(case.case.id, _beyond_s(case), *own, stalled, trials, chance, chance <= SURE)


def _stood_still(case: Measured) -> int:
    beyond_s = _beyond_s(case)
    return sum(histogram.beyond(beyond_s) >= ANSWERS for _, histogram in case.latency_by_block())


def _beyond_s(case: Measured) -> float:
    return LEAST_S if case.latency is None else max(LEAST_S, MEDIANS * case.latency.quantile_s(0.5))
