"""Whether a run that was to end once its ratios were known well enough did so, and why not."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.known import known
from bench.model import Analysis, Suite
from bench.model.digits import plus_minus
from bench.report.units import count


def lines(suite: Suite, analysis: Analysis) -> Iterator[str]:
    """What is said of that under Validity."""
    plan = suite.plan
    if plan.until is None:
        return
    asked = f"±{plan.until * 100:g} %"
    ratios = known(suite, analysis.verdicts)
    if ratios is None:
        yield f"The run was to end once ratios of throughput were known to {asked}, and knows none."
        return
    which = "between servers next to each other" if plan.against is None else "of each server's two versions"
    reached = f"The ratios of throughput {which} are known to {plus_minus(ratios.half_width)} at worst"
    rounds = count(ratios.rounds, "round")
    if ratios.enough(plan.until):
        yield f"{reached}, as asked ({asked}): the run ended after {rounds}."
    elif not suite.complete:
        yield f"{reached} after {rounds} so far; {asked} is asked."
    else:
        yield f"{reached} after {rounds}, and not to {asked} as asked: {_why(suite)}."
    yield "Since that may end a run at a lucky moment, its intervals of throughput and CPU are wider for it."


def _why(suite: Suite) -> str:
    plan = suite.plan
    if plan.most_rounds is not None and plan.counted_rounds >= plan.most_rounds:
        return f"{plan.most_rounds} are the most that it could take"
    return "no more rounds were planned" if plan.minutes is None else f"--minutes {plan.minutes:g} were over"
