"""Slow answers in closed load: do they falsify a throughput, and how long do they last?

Every trial of closed load begins with no user waiting for a slow answer. In the long run some always are: a
share p x d / (base + p x d) of them, where a share p of the answers takes d. In trials shorter than d they
are fewer, and throughput comes out too high, in the median and in the mean.

Little's law tells. In the long run users = throughput x mean time (J. Little, "A Proof for the Queuing
Formula L = lambda W", Operations Research 9, 1961), where the mean is that of the requests *sent* within the
window, each followed to its end. Where too few users are stuck, throughput x mean time exceeds their number
by about what throughput is too high by. Constant times, however long, do not: then throughput is right, too.
In simulations the excess showed every error of more than 2 % (delays, queues of one to four threads; bimodal,
exponential, lognormal and Pareto times; docs/decisions/032-slow-answers.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.analysis import student
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.model import Case, Plan, Trial

SMALLEST_EXCESS = 0.02
_TIME_SHARE = 0.99
_LIKELY, SURE = 0.95, 0.998
_GROWN = 1.5


@dataclass(frozen=True)
class Excess:
    """By how much throughput x mean time exceeds the number of users, as a fraction.

    Attributes:
        standard_error: by the jackknife over blocks.
        freedom: its degrees of freedom.
    """

    value: float
    standard_error: float
    freedom: int

    def sure(self, level: float) -> bool:
        """Whether it is too much to be passed over, and above 0 at this level of confidence (two-sided)."""
        return self.value > max(SMALLEST_EXCESS, self._half(level))

    def possible(self, level: float) -> bool:
        """Whether an excess that is too much to be passed over is within the interval."""
        return self.value > 0 and self.value + self._half(level) > SMALLEST_EXCESS

    def missing(self, level: float) -> bool:
        """Whether it is below 0 at this level of confidence (two-sided)."""
        return self.value < -self._half(level)

    def _half(self, level: float) -> float:
        return student.half_width(self.standard_error, self.freedom, level)


def excess(measured: Measured) -> Excess | None:
    """The excess of a case of closed load; None with fewer than two trials that tell."""
    return together([measured])


def together(group: Sequence[Measured]) -> Excess | None:
    """The mean over the servers of one application, whose slow answers are alike; None if none tells.

    Servers get the same requests in a block, so whole blocks are left out by the jackknife, never trials.
    """
    telling = [(member, table) for member in group if (table := _table(member))]
    blocks = sorted({block for _, table in telling for block in table})
    if len(blocks) < 2:
        return None
    nothing: Row = (0.0,) * 4
    rows = np.array([[table.get(block, nothing) for block in blocks] for _, table in telling])
    users = np.array([member.case.load.at_once for member, _ in telling])
    sums = rows.sum(axis=1)
    without = sums[:, None] - rows
    if np.any(without[..., 1] <= 0) or np.any(without[..., 3] <= 0):
        return None
    excess = float((_products(sums) / users - 1).mean())
    others = (_products(without) / users[:, None] - 1).mean(axis=0)
    n = len(blocks)
    return Excess(excess, math.sqrt((n - 1) / n * float(np.square(others - others.mean()).sum())), n - 1)


def lasting_s(measured: Measured) -> float:
    """How long slow answers last: longer ones hold 1 % of the users' time. 0 without answers."""
    histogram = measured.latency
    return 0.0 if histogram is None else histogram.time_quantile_s(_TIME_SHARE)


def slow_s(plan: Plan, trials: Sequence[Trial]) -> float | None:
    """How long the slow answers last that falsify the throughput of these trials; None without any."""
    deployments = {deployment.name: deployment for deployment in plan.deployments}
    by_case: dict[str, list[Trial]] = {}
    for trial in trials:
        by_case.setdefault(trial.case, []).append(trial)

    def seen(case: Case) -> Measured:
        return Measured(case, deployments[case.deployment], tuple(by_case.get(case.id, ())))

    groups = grouped(case for case in plan.cases if case.load.saturates).values()
    lasting = [_of_group(plan, [seen(case) for case in group]) for group in groups]
    return max((seconds for seconds in lasting if seconds is not None), default=None)


def falsified(plan: Plan, measured: Measured, others: Sequence[Measured]) -> Excess | None:
    """What says that slow answers falsify a case's throughput; None if nothing does.

    Trials that know nothing of slow answers are likely to be falsified where an excess is significant. They
    may be where a large one is possible and answers were seen that take longer than a trial: one answer of
    five seconds can't be told from none by a test, and holds more of a short run's time than may be passed
    over. Of trials that were made for the slow answers seen, hardly any are, and chance explains it better.

    Args:
        others: the other servers with the same application and load.
    """
    own = excess(measured)
    lasting = lasting_s(measured)
    if own is None:
        return None
    if lasting <= _GROWN * plan.settle_s:
        return own if own.sure(SURE) else None
    if own.sure(_LIKELY) or (own.possible(_LIKELY) and lasting > plan.trial_s.closed):
        return own
    whole = together([measured, *others]) if own.value > SMALLEST_EXCESS else None
    return own if whole is not None and whole.sure(_LIKELY) else None


def _of_group(plan: Plan, group: Sequence[Measured]) -> float | None:
    """Of the cases of one application and load."""
    lasting = [
        lasting_s(member)
        for member in group
        if falsified(plan, member, [other for other in group if other is not member]) is not None
    ]
    return max(lasting, default=None)


Row = tuple[float, float, float, float]
"""Of one trial: answers, seconds, time of the requests sent, and their number."""


def _table(measured: Measured) -> dict[tuple[int, int], Row]:
    """What each block tells."""
    if not measured.case.load.saturates:
        return {}
    return {(t.round, t.block): _parts(t) for t in measured.trials if t.begun and t.mean_s is not None}


def _products(rows: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    """Throughput times mean time of sums of rows, along the last axis."""
    answers, seconds, time_s, begun = np.moveaxis(rows, -1, 0)
    products: np.typing.NDArray[np.float64] = answers / seconds * time_s / begun
    return products


def _parts(trial: Trial) -> Row:
    begun = trial.begun or 0
    return trial.answers + trial.failed, trial.duration_s, (trial.mean_s or 0.0) * begun, float(begun)
