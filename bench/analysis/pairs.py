"""Every pair of a group compared, and which of the differences may be claimed.

Two cases differ only if
1. Holm's step-down test over all pairs of the group rejects equality at a family-wise 5 % (S. Holm,
   Scandinavian Journal of Statistics 6, 1979), and
2. the ratio is further from 1 than 1 %, and than the twin's: two identical deployments of one server.
Otherwise they tie.

A comparison's `low` and `high` are the interval at the level of the step that decided it: with m pairs, the
k-th smallest p-value has 1 - 0.05 / (m - k + 1); the first pair that is not rejected and all after it share
that step's level. So an interval excludes 1 exactly where the test rejects. Each covers its ratio in at
least 95 % of runs; that all of a group do at once is promised only for the decisions, not for the
intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from bench.analysis.estimate import LEVEL, Effect, effect, paired
from bench.analysis.histogram import Histogram
from bench.analysis.holm import holm_levels
from bench.analysis.measured import Measured
from bench.model import MODELS, Comparison, LoadModel

SMALLEST_CLAIM = 0.01
"""No difference below 1 % is ever claimed."""


@dataclass(frozen=True)
class Metric:
    """Something that two cases are compared by.

    Attributes:
        more_is_better: whether a ratio above 1 speaks for `a`.
        effect: the logarithm of a / b over rounds; None without two common rounds.
    """

    name: str
    more_is_better: bool
    effect: Callable[[Measured, Measured], Effect | None]


def _percentile(share: float) -> Callable[[Measured, Measured], Effect | None]:
    """The percentile of the rounds that both have, merged, with a jackknife over the rounds.

    A round alone may be too short for a percentile. The pseudo-values of leaving each round out stand for the
    rounds (J. Tukey, "Bias and Confidence in Not-quite Large Samples", Annals of Mathematical Statistics 29,
    1958); the percentile itself is published only with enough samples beyond it.
    """

    def compare(a: Measured, b: Measured) -> Effect | None:
        rounds = sorted(a.latency_by_round.keys() & b.latency_by_round.keys())
        whole = [_merged(m, rounds) for m in (a, b)]
        if len(rounds) < 2 or any(h is None or h.percentile_s(share) is None for h in whole):
            return None
        one, other = (h for h in whole if h is not None)
        all_of_it = math.log(one.quantile_s(share) / other.quantile_s(share))
        without = [
            math.log(
                one.without(a.latency_by_round[number]).quantile_s(share)
                / other.without(b.latency_by_round[number]).quantile_s(share)
            )
            for number in rounds
        ]
        found = effect([len(rounds) * all_of_it - (len(rounds) - 1) * left for left in without])
        # Their mean would correct a bias that is small, and add the noise of its estimate.
        return None if found is None else replace(found, mean=all_of_it)

    return compare


def _merged(measured: Measured, rounds: Sequence[int]) -> Histogram | None:
    return Histogram.sum([measured.latency_by_round[number] for number in rounds])


THROUGHPUT = Metric("throughput_rps", True, lambda a, b: paired(a.rates, b.rates))
COST = Metric("cpu_s_per_request", False, lambda a, b: paired(a.costs, b.costs))
P50 = Metric("p50", False, _percentile(0.5))
P99 = Metric("p99", False, _percentile(0.99))

_BY_NAME = {metric.name: metric for metric in (THROUGHPUT, COST, P50, P99)}
METRICS: Mapping[LoadModel, tuple[Metric, ...]] = {
    model: tuple(_BY_NAME[name] for name in load.figures) for model, load in MODELS.items()
}


def metric_of(model: LoadModel, name: str) -> Metric:
    """The metric of that name, of one kind of load."""
    return next(metric for metric in METRICS[model] if metric.name == name)


def compare_twin(metric: Metric, original: Measured, twin: Measured) -> Comparison | None:
    """The server against its identical twin, not adjusted: the harness's own error."""
    found = metric.effect(original, twin)
    return None if found is None else _comparison(metric, original, twin, found, LEVEL, SMALLEST_CLAIM)


def deviation(comparison: Comparison | None) -> float:
    """How far a ratio is from 1, the same for a / b and b / a; 0 without a comparison."""
    return 0.0 if comparison is None else math.expm1(abs(math.log(comparison.ratio)))


def compare_all(metric: Metric, cases: Sequence[Measured], twin: Comparison | None) -> tuple[Comparison, ...]:
    """All pairs, the earlier case against the later.

    Args:
        cases: the valid ones of a group without twins, best first.
    """
    effects = {
        (a.case.id, b.case.id): (a, b, found)
        for a, b in combinations(cases, 2)
        if (found := metric.effect(a, b)) is not None
    }
    levels = holm_levels({pair: found.p_value for pair, (_, _, found) in effects.items()})
    margin = max(SMALLEST_CLAIM, deviation(twin))
    return tuple(
        _comparison(metric, a, b, found, levels[pair], margin) for pair, (a, b, found) in effects.items()
    )


def half_width(comparison: Comparison) -> float:
    """Half the width of the interval, as a fraction of the ratio."""
    return math.expm1(math.log(comparison.high / comparison.low) / 2)


def _comparison(
    metric: Metric, a: Measured, b: Measured, found: Effect, level: float, margin: float
) -> Comparison:
    low, high = found.interval(level)
    claimed = not low <= 0 <= high and math.expm1(abs(found.mean)) > margin
    verdict: Literal["faster", "slower", "tie"] = "tie"
    if claimed:
        verdict = "faster" if (found.mean > 0) == metric.more_is_better else "slower"
    return Comparison(
        a=a.case.id,
        b=b.case.id,
        scenario=a.case.scenario,
        metric=metric.name,
        ratio=math.exp(found.mean),
        low=math.exp(low),
        high=math.exp(high),
        verdict=verdict,
    )
