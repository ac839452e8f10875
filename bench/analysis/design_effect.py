"""By how much an interval over blocks has to be wider, since blocks of one round may be alike.

A restart that moves a server's tail moves it in all blocks of a round, which tell less together than as
many of different rounds. A test that takes blocks for independent then finds differences between twins.
What blocks of one round have in common is their intraclass correlation, and by how much it makes the
variance of a mean larger is the design effect (L. Kish, Survey Sampling, 1965, chapter 5). It is
estimated from ranks, so that a single standstill doesn't decide it, and is never below 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bench.analysis.estimate import Values
from bench.analysis.shares import Block


@dataclass(frozen=True)
class DesignEffect:
    """What an interval over blocks has to allow for.

    Attributes:
        widening: the factor, at least 1, by which it is wider.
        freedom: the degrees of freedom of what it is made from: those of rounds where blocks of a round are
            alike, else those of blocks.
    """

    widening: float
    freedom: float


def design_effect(blocks: Mapping[Block, float]) -> DesignEffect:
    """Of values in blocks; none where no round has two blocks, and with a single round."""
    rounds = _ranks_by_round(blocks)
    of_all = len(blocks)
    if not 1 < len(rounds) < of_all:
        return DesignEffect(1.0, of_all - 1)
    within = sum(float(((ranks - ranks.mean()) ** 2).sum()) for ranks in rounds) / (of_all - len(rounds))
    middle = (of_all + 1) / 2
    between = sum(len(ranks) * (float(ranks.mean()) - middle) ** 2 for ranks in rounds) / (len(rounds) - 1)
    if between <= within:
        return DesignEffect(1.0, of_all - 1)
    # A usual round, where they differ in size: of their means' variance (G. Snedecor and W. Cochran,
    # Statistical Methods, 1967), and of that of a mean over all blocks (Kish).
    mean_size = sum(len(ranks) ** 2 for ranks in rounds) / of_all
    size = (of_all - mean_size) / (len(rounds) - 1)
    correlation = (between - within) / (between + (size - 1) * within)
    return DesignEffect(math.sqrt(1 + (mean_size - 1) * correlation), len(rounds) - 1)


def _ranks_by_round(blocks: Mapping[Block, float]) -> list[Values]:
    """The ranks of each round's blocks among all; equal values share theirs."""
    _, places, times = np.unique(list(blocks.values()), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[places]
    numbers = np.array([number for number, _ in blocks])
    return [ranks[numbers == number] for number in np.unique(numbers)]
