"""How much of what a request costs behind a server is the application's own.

    share = CPU seconds of the application alone / CPU seconds of the server, a request

With three rounds or more that have both: the mean of the logarithm of their ratio over these, with Student's
t interval, as everywhere (`bench/analysis/estimate.py`). With fewer the rounds of each say how sure it is, as
of two runs (`bench/analysis/compare/welch.py`).

Where the CPUs are what limits a server, it answers 1 / cost requests a second with each. No server answers
with less CPU than the application itself takes, so none with as many processes answers more than 1 / share
times as many. Two things are assumed:

- Called in one process without a server, the application costs no more than behind one. It costs a little
  less, since nobody else uses the caches meanwhile: the bound is then a little too high, and still a bound.
- The CPUs are what limits it. Whether they are is measured: `busy` is the server's CPU time over that of the
  CPUs that its processes can use, without what other programs took of these. Of a page that waits all of it
  counts: there the others may have taken what the server left idle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean, median

from bench.analysis.compare.welch import shift
from bench.analysis.estimate import Ratio, effect, level
from bench.analysis.figures import COST
from bench.analysis.measured import Measured
from bench.model import Estimate, OwnShare, Suite, Summary, Verdict
from bench.model.own_cost import OwnCost

BUSY = 0.8
"""From here on the CPUs are said to be what limits a server."""
WAITS = 0.5
"""From here on a page is said to wait."""
_PAIRS = 3


def own_shares(
    suite: Suite,
    cases: Iterable[Measured],
    summaries: Mapping[str, Summary],
    verdicts: Mapping[str, Verdict],
) -> Iterator[OwnShare]:
    """Of each valid case of closed load that asks for what was called."""
    own = suite.own_cost
    # A result may be anybody's.
    if own is None or not own.calls or not all(calls.cpu_s > 0 for calls in own.calls):
        return
    for one in cases:
        case = one.case
        if (
            not verdicts[case.id].valid
            or not case.load.saturates
            or case.scenario != own.scenario
            or summaries[case.id].figures[COST.key] is None
        ):
            continue
        levels = {number: level(blocks.values()) for number, blocks in one.costs.items()}
        alone = [math.log(calls.cpu_s) for calls in own.calls]
        waits = median(calls.wait_s / (calls.wait_s + calls.cpu_s) for calls in own.calls)
        yield OwnShare(
            case.id,
            _estimate(effect(alone), alone),
            _share(own, {number: value for number, value in levels.items() if value is not None}),
            own.covered,
            waits,
            _busy(suite, one, waits=waits >= WAITS),
        )


def _share(own: OwnCost, costs: Mapping[int, float]) -> Estimate:
    both = [math.log(calls.cpu_s) - costs[calls.round] for calls in own.calls if calls.round in costs]
    if len(both) >= _PAIRS:
        return _estimate(effect(both), both)
    alone = [math.log(calls.cpu_s) for calls in own.calls]
    one, other = effect(list(costs.values())), effect(alone)
    return _estimate(shift(one, other) if one and other else None, [fmean(alone) - fmean(costs.values())])


def _estimate(ratio: Ratio | None, logarithms: list[float]) -> Estimate:
    if ratio is None:
        return Estimate(math.exp(fmean(logarithms)))
    low, high = map(math.exp, ratio.interval())
    return Estimate(math.exp(ratio.mean), low, high)


def _busy(suite: Suite, one: Measured, *, waits: bool) -> float:
    """CPU time of the server, of what it could have had of CPUs that its processes can use."""
    cpus, processes = len(suite.environment.cpu_split.server) or 1, _processes(suite, one)
    used_s = could_s = 0.0
    for trial in one.trials:
        if trial.cpu_s is not None:
            used_s += trial.cpu_s
            others_s = 0.0 if waits else trial.host.get("others_s", 0.0)
            left_s = cpus * trial.duration_s - others_s
            could_s += min(left_s, processes * trial.duration_s)
    return used_s / could_s if could_s > 0 else 0.0


def _processes(suite: Suite, one: Measured) -> float:
    """Of threads of one process one runs Python at a time."""
    seen = [
        record.workers
        for record in suite.deployments
        if record.deployment == one.deployment.name and record.workers
    ]
    workers = median(seen) if seen else one.deployment.server.workers
    return workers or math.inf
