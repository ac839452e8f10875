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

import numpy as np

from bench.analysis.estimate import LEVEL, Values
from bench.analysis.shares import Block
from bench.analysis.student import half_width


def widening(blocks: Mapping[Block, float]) -> float:
    """The factor, at least 1, that makes an interval of what is typical of blocks as wide as rounds have it.

    The correlation is told by the rounds alone: where it is seen, the interval is also wider by what
    Student's t is with the few degrees of freedom that rounds have, against those of blocks. 1 where no
    round has two blocks, and with a single round.
    """
    rounds = _ranks_by_round(blocks)
    of_all = len(blocks)
    if not 1 < len(rounds) < of_all:
        return 1.0
    within = sum(float(((ranks - ranks.mean()) ** 2).sum()) for ranks in rounds) / (of_all - len(rounds))
    middle = (of_all + 1) / 2
    between = sum(len(ranks) * (float(ranks.mean()) - middle) ** 2 for ranks in rounds) / (len(rounds) - 1)
    if between <= within:
        return 1.0
    # A usual round, where they differ in size (G. Snedecor and W. Cochran, Statistical Methods, 1967).
    size = (of_all - sum(len(ranks) ** 2 for ranks in rounds) / of_all) / (len(rounds) - 1)
    correlation = (between - within) / (between + (size - 1) * within)
    of_rounds, of_blocks = (half_width(1.0, many - 1, LEVEL) for many in (len(rounds), of_all))
    return math.sqrt(1 + (size - 1) * correlation) * of_rounds / of_blocks


def _ranks_by_round(blocks: Mapping[Block, float]) -> list[Values]:
    """The ranks of each round's blocks among all; equal values share theirs."""
    _, places, times = np.unique(list(blocks.values()), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[places]
    numbers = np.array([number for number, _ in blocks])
    return [ranks[numbers == number] for number in np.unique(numbers)]
