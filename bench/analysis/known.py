"""How well a run knows its ratios of throughput: by the widest interval of those that it is about.

Of a run with an old version these are each server's new version against its old one; else those of neighbours
in the order of throughput, which decide the ranking. A server by itself is set against its twin. Intervals
are the pairs' own, at 95 %, adjusted for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.analysis import caution, student
from bench.analysis.cases import measured
from bench.analysis.estimate import LEVEL, paired
from bench.analysis.figures import THROUGHPUT
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.model import Suite, Verdict
from bench.model.variant import OLD, TWIN

FEWEST_ROUNDS = 6
"""No run ends before because it knows enough: of fewer rounds the spread says little."""
_MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Known:
    """How well.

    Attributes:
        half_width: of the widest interval, as a fraction of its ratio.
        rounds: that it comes from.
    """

    half_width: float
    rounds: int

    def enough(self, within: float) -> bool:
        """Whether no interval is wider than plus or minus this fraction, after rounds enough to say so."""
        return self.rounds >= FEWEST_ROUNDS and self.half_width <= within

    def rounds_for(self, within: float) -> int:
        """How many rounds that seems to take in all: intervals narrow with the root of their number, with
        Student's t, and with caution.
        """
        share = math.log1p(within) / max(math.log1p(self.half_width), 1e-12)
        wanted = share * _width(self.rounds)
        numbers = range(max(self.rounds, FEWEST_ROUNDS), _MOST_ROUNDS)
        return next((number for number in numbers if _width(number) <= wanted), _MOST_ROUNDS)


def _width(rounds: int) -> float:
    """Of an interval over so many rounds that vary by one."""
    error = caution.standard_error(1 / math.sqrt(rounds), rounds, 0.0)
    return student.half_width(error, rounds - 1, LEVEL)


def known(suite: Suite, verdicts: Mapping[str, Verdict]) -> Known | None:
    """None where no two valid cases were measured in two rounds."""
    cases = measured(suite)
    effects = [
        ratio
        for members in grouped(suite.plan.cases).values()
        if members[0].load.loop == THROUGHPUT.loop
        for a, b in _pairs([cases[case.id] for case in members if verdicts[case.id].valid])
        if (ratio := paired(a.rates, b.rates, cautious=a.cautious)) is not None
    ]
    if not effects:
        return None
    widest = max(effects, key=lambda ratio: ratio.interval()[1] - ratio.mean)
    return Known(math.expm1(widest.interval()[1] - widest.mean), round(widest.freedom) + 1)


def _pairs(members: Sequence[Measured]) -> Iterator[tuple[Measured, Measured]]:
    """Those of one group that the run is about."""
    ranked = [case for case in members if case.deployment.variant.kind.ranked]
    old = {case.deployment.server.name: case for case in members if case.deployment.variant.kind == OLD}
    twins = {case.deployment.server.name: case for case in members if case.deployment.variant.kind == TWIN}
    for others in (old, twins if len(ranked) == 1 else {}):
        both = [(case, other) for case in ranked if (other := others.get(case.deployment.server.name))]
        if both:
            yield from both
            return
    rates = {m.case.id: rate.mean for m in ranked if (rate := THROUGHPUT.read.effect(m))}
    yield from pairwise(sorted((m for m in ranked if m.case.id in rates), key=lambda m: rates[m.case.id]))
