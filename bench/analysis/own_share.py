"""How much of what a request costs behind a server is the application's own.

    share = CPU seconds of the application alone / CPU seconds of the server, a request

Both are of the same round, where they can be: the mean of the logarithm of their ratio over the rounds, with
Student's t interval, as everywhere (`bench/analysis/estimate.py`).

Where the CPUs are what limits a server, it answers 1 / cost requests a second with each. No server answers
with less CPU than the application itself takes, so none with as many processes answers more than 1 / share
times as many. Two things are assumed:

- Called in one process without a server, the application costs no more than behind one. It costs a little
  less, since nobody else uses the caches meanwhile: the bound is then a little too high, and still a bound.
- The CPUs are what limits it. Whether they are is measured (`busy`); pages that wait leave them idle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from statistics import median

from bench.analysis.estimate import effect, level
from bench.analysis.figures import COST, THROUGHPUT
from bench.analysis.measured import Measured
from bench.model import Estimate, OwnShare, Suite, Summary, Verdict
from bench.model.own_cost import OwnCost

BUSY = 0.8
"""From here on the CPUs are said to be what limits a server."""
WAITS = 0.5
"""From here on a page is said to wait."""


def own_shares(
    suite: Suite,
    cases: Iterable[Measured],
    summaries: Mapping[str, Summary],
    verdicts: Mapping[str, Verdict],
) -> Iterator[OwnShare]:
    """Of each valid case of closed load that asks for what was called."""
    own = suite.own_cost
    if own is None or not own.calls:
        return
    for one in cases:
        case, summary = one.case, summaries[one.case.id]
        rate, cost = (summary.figures[figure.key] for figure in (THROUGHPUT, COST))
        if (
            not verdicts[case.id].valid
            or not case.load.saturates
            or case.scenario != own.scenario
            or rate is None
            or cost is None
        ):
            continue
        levels = {number: level(blocks.values()) for number, blocks in one.costs.items()}
        yield OwnShare(
            case.id,
            _estimate([math.log(calls.cpu_s) for calls in own.calls]),
            _share(own, {number: value for number, value in levels.items() if value is not None}),
            own.covered,
            _waits(own),
            rate.value * cost.value / _cpus(suite, one),
        )


def _share(own: OwnCost, costs: Mapping[int, float]) -> Estimate:
    """From the rounds that have both; where there are none, of the means, without an interval."""
    both = [math.log(calls.cpu_s) - costs[calls.round] for calls in own.calls if calls.round in costs]
    if both:
        return _estimate(both)
    alone = sum(math.log(calls.cpu_s) for calls in own.calls) / len(own.calls)
    return Estimate(math.exp(alone - sum(costs.values()) / len(costs)))


def _estimate(logarithms: list[float]) -> Estimate:
    over_rounds = effect(logarithms)
    if over_rounds is None:
        return Estimate(math.exp(logarithms[0]))
    low, high = map(math.exp, over_rounds.interval())
    return Estimate(math.exp(over_rounds.mean), low, high)


def _waits(own: OwnCost) -> float:
    return max(0.0, 1 - median(calls.cpu_s / calls.wall_s for calls in own.calls if calls.wall_s))


def _cpus(suite: Suite, one: Measured) -> float:
    """How many CPUs its processes can use: of threads of one process one runs Python at a time."""
    seen = [
        record.workers
        for record in suite.deployments
        if record.deployment == one.deployment.name and record.workers
    ]
    workers = median(seen) if seen else one.deployment.server.workers
    cpus = max(1, len(suite.environment.cpu_split.server))
    return min(cpus, workers) if workers else cpus
