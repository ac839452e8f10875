"""How many rounds a run has that goes on until it knows its ratios well enough."""

from __future__ import annotations

from dataclasses import replace

from bench.analysis.known import FEWEST_ROUNDS, Known
from bench.model import Plan
from bench.plan.size import most_rounds

MOST_ROUNDS = 60
"""Without `--minutes` or `--rounds`: ten times those of the standard profile."""


def going_on(plan: Plan, within: float, most_rounds: int | None, minutes: float | None) -> Plan:
    """The plan of a run that goes on until its ratios are known to plus or minus this fraction.

    Args:
        most_rounds: that it may take, if the user gave it.
        minutes: that it may take, which say how many rounds there are, unless the user did.
    """
    if minutes is not None:
        return replace(plan, until=within, most_rounds=most_rounds)
    return replace(plan, until=within, rounds=FEWEST_ROUNDS, most_rounds=most_rounds or MOST_ROUNDS)


def looked_at(plan: Plan, ratios: Known | None, after: int, time_for: int | None) -> Plan:
    """The plan with as many rounds as it seems to take; not more than `after` if that is where it ends.

    Args:
        ratios: how well ratios are known after this round; None if none is.
        after: the round.
        time_for: so many more rounds fit into `--minutes`; None without that.
    """
    if plan.until is None or ratios is None:
        return plan
    before = plan.counted_from - 1
    last = after if ratios.enough(plan.until) else before + ratios.rounds_for(plan.until)
    if plan.most_rounds is not None:
        last = min(last, before + plan.most_rounds)
    if time_for is not None:
        last = min(last, after + time_for)
    return replace(plan, rounds=max(min(last, most_rounds(plan)), after))
