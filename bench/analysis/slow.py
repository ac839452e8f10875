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
_LIKELY, _SURE = 0.95, 0.998
_TIME_SHARE = 0.99


@dataclass(frozen=True)
class Excess:
    """By how much throughput x mean time exceeds the number of users, as a fraction.

    Attributes:
        standard_error: by the jackknife over trials.
        freedom: its degrees of freedom.
    """

    value: float
    standard_error: float
    freedom: int

    def sure(self, level: float) -> bool:
        """Whether it is too much to be passed over, and above 0 at this level of confidence (two-sided)."""
        half = student.half_width(self.standard_error, self.freedom, level)
        return self.value > max(SMALLEST_EXCESS, half)


def how_sure(plan: Plan) -> float:
    """At which level slow answers count as seen.

    Trials that know nothing of them are likely to be falsified by them; of those that were made to hold them,
    hardly any are, and chance is the better explanation.
    """
    return _SURE if plan.settle_s else _LIKELY


def excess(measured: Measured) -> Excess | None:
    """Of a case of closed load; None with fewer than two trials that tell."""
    trials = [trial for trial in measured.trials if trial.begun and trial.mean_s is not None]
    if measured.case.load.model == "open" or len(trials) < 2:
        return None
    columns = np.array([_parts(trial) for trial in trials]).T
    sums = columns.sum(axis=1)
    found = float(_product(sums)) / measured.case.load.users - 1
    without = sums[:, None] - columns
    if np.any(without[1] <= 0) or np.any(without[3] <= 0):
        return None
    others = _product(without) / measured.case.load.users - 1
    n = len(trials)
    error = math.sqrt((n - 1) / n * float(np.square(others - others.mean()).sum()))
    return Excess(found, error, n - 1)


def together(found: Sequence[Excess]) -> Excess | None:
    """The mean over the servers of one application, whose slow answers are alike; None without any."""
    if not found:
        return None
    error = math.sqrt(sum(one.standard_error**2 for one in found)) / len(found)
    freedom = sum(one.freedom for one in found)
    return Excess(sum(one.value for one in found) / len(found), error, freedom)


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

    groups = grouped(case for case in plan.cases if case.load.model == "closed").values()
    found = [_of_group([seen(case) for case in group], how_sure(plan)) for group in groups]
    return max((one for one in found if one is not None), default=None)


def _of_group(group: Sequence[Measured], level: float) -> float | None:
    """Of the cases of one application and load, at this level of confidence."""
    found = [(one, exceeds) for one in group if (exceeds := excess(one)) is not None]
    whole = together([exceeds for _, exceeds in found])
    if whole is not None and whole.sure(level):
        return max(lasting_s(one) for one, _ in found)
    return max((lasting_s(one) for one, exceeds in found if exceeds.sure(level)), default=None)


def _parts(trial: Trial) -> tuple[float, float, float, float]:
    """Answers, seconds, time of the requests sent, and their number."""
    begun = trial.begun or 0
    return trial.answers + trial.failed, trial.duration_s, (trial.mean_s or 0.0) * begun, float(begun)


def _product(sums: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    answers, seconds, time_s, begun = sums
    product: np.typing.NDArray[np.float64] = answers / seconds * time_s / begun
    return product
