"""A look at how well a run knows its ratios, after one of its rounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.analysis import analyse
from bench.analysis.known import Known, known
from bench.model import Plan
from bench.plan.duration import EachS
from bench.plan.lengths import round_s
from bench.plan.more_rounds import looked_at
from bench.store import load

OUTLOOK_ROUNDS = 3
"""From so many on it is said how many more it seems to take."""


@dataclass(frozen=True)
class Look:
    """What it has shown.

    Attributes:
        plan: with as many rounds as it seems to take.
        enough: whether the run may end here.
    """

    plan: Plan
    known: Known
    enough: bool


def look_at(directory: Path, plan: Plan, after: int, left_s: float | None, each_s: EachS) -> Look | None:
    """None where nothing is to be seen yet, or the run ends with its planned rounds.

    Args:
        directory: the run's own.
        after: the round.
        left_s: until the last trial must have ended; None without `--minutes`.
        each_s: seconds for one of each part.
    """
    if plan.until is None:
        return None
    suite = load(directory)
    ratios = known(suite, analyse(suite).verdicts)
    if ratios is None or ratios.rounds < OUTLOOK_ROUNDS:
        return None
    time_for = None if left_s is None else max(0, round(left_s / round_s(plan, each_s)))
    return Look(looked_at(plan, ratios, after, time_for), ratios, ratios.enough(plan.until))
