"""Each server as a multiple of one of them: what a run knows best, since both are measured side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from bench.analysis.figure import Figure
from bench.analysis.figures import ranking
from bench.model import Analysis, Loop
from bench.report.units import ratio, ratio_interval


@dataclass(frozen=True)
class Multiple:
    """A figure as a multiple of the baseline's, with its own 95 % interval."""

    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{ratio(self.ratio)} ({ratio_interval(self.low, self.high)})"


def ranked_by(analysis: Analysis, loop: Loop, cases: Set[str]) -> Figure[Any]:
    """The first figure by which every pair of these cases was compared; if there is none, the last.

    Args:
        cases: ids of those that are ranked.
    """
    *others, last = ranking(loop)
    for figure in others:
        pairs = [c for c in analysis.comparisons if c.figure == figure.name]
        compared = sum({c.subject.id, c.other.id} <= cases for c in pairs)
        known = all(analysis.summaries[case].figures[figure.key] is not None for case in cases)
        if known and compared == math.comb(len(cases), 2):
            return figure
    return last


def multiples(analysis: Analysis, figure: Figure[Any], baseline: str) -> Mapping[str, Multiple]:
    """By case id, of all that were compared with the baseline.

    Args:
        baseline: id of the case that the others are multiples of.
    """
    by_case = {}
    for pair in analysis.comparisons:
        if pair.figure != figure.name:
            continue
        if pair.other.id == baseline:
            by_case[pair.subject.id] = Multiple(pair.ratio, pair.low, pair.high)
        elif pair.subject.id == baseline:
            by_case[pair.other.id] = Multiple(1 / pair.ratio, 1 / pair.high, 1 / pair.low)
    return by_case
