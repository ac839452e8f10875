"""Trials of closed load in which a server did what it does once after each start, after its warm-up.

A round starts every server anew, and its warm-up is short. What a server does once beyond that comes at about
the same request after each start. Python's first full garbage collection is such a pause: of a small
application it takes 15 ms, after some hundred or thousand requests, and there may be no other one for
minutes. A round holds hardly more than a second of a server's closed load, in which it would take one in a
hundred of the answers that it doesn't take in the long run.

What comes again has to count. So only what comes once in a round is left out, by half of its requests: after
as many once more it would have come again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

import numpy as np

from bench.analysis.shares import Block, Rounds, Shares, against
from bench.model import Trial

SURE, POSSIBLE = 4.0, 3.0
"""Standard errors by which trials are slower than others: of a pause, and of what may be a pause, too."""
LEAST = -math.log(0.95)
"""A pause takes this much of a trial's answers or more, as a logarithm."""
_ALIKE = 1 / 4
"""Of the longest pause: what is shorter isn't the same one again."""
_AS_ONE = 2
"""Slow requests that are further apart than so many usual trials are of different pauses."""
_MIN_ROUNDS, _MIN_BLOCKS = 5, 6
_NEVER = 0.5
"""Answers of a trial that had none: fewer than any other."""

# Of normal values: the standard error of a median over that of a mean, and a standard deviation over the
# median absolute deviation (P. Huber, Robust Statistics, 1981, 1.2).
_OF_MEDIANS = math.sqrt(math.pi / 2)
_OF_DEVIATIONS = 1 / NormalDist().inv_cdf(0.75)

Values = np.typing.NDArray[np.float64]


@dataclass(frozen=True)
class Course:
    """A case's trials of closed load, as its server's requests go on after each start.

    Attributes:
        rates: right answers over seconds.
        ends: by trial, how many requests the server had been sent before it, and by its end.
        whole: how many it is sent in a round.
    """

    rates: Shares
    ends: Mapping[Block, tuple[float, float]]
    whole: float

    @classmethod
    def of(cls, case: str, rates: Shares, trials: Iterable[Trial]) -> Course:
        """Arrange what was measured.

        Args:
            trials: all of the server, also of other cases.
        """
        ends: dict[Block, tuple[float, float]] = {}
        so_far: dict[int, float] = {}
        for trial in sorted(trials, key=lambda trial: trial.at_s):
            before = so_far.get(trial.round, 0.0)
            so_far[trial.round] = before + (trial.offered if trial.sent is None else trial.sent)
            if trial.case == case:
                ends[trial.round, trial.block] = before, so_far[trial.round]
        return cls(rates, ends, median(so_far.values()))


def late(own: Course, twins: Sequence[Course], others: Iterable[Shares]) -> frozenset[Block]:
    """The trials that don't count, by round and block.

    Args:
        own: of a server that is started anew in each round.
        twins: of the same server, deployed once more.
        others: right answers over seconds of other servers, in the same blocks.

    Returns:
        At most one trial of each round; none where no pause is sure, or where it may come again.
    """
    beside = [_logs(other) for other in others]
    starts = [start for course in (own, *twins) for start in _starts(course, beside)]
    if len(starts) < _MIN_ROUNDS or min(len(start.losses) for start in starts) < _MIN_BLOCKS:
        return frozenset()
    # Whatever some trials have in common begins where one of them begins.
    requests = np.unique(np.concatenate([start.since for start in starts]))
    width = float(np.median(np.concatenate([start.until - start.since for start in starts])))
    losses = np.array([start.at(requests) for start in starts])
    scores = _scores(losses, np.concatenate([start.losses for start in starts]))
    slow = requests[scores >= POSSIBLE]
    if scores.max(initial=0.0) < SURE or np.ptp(slow) > _AS_ONE * width or slow[-1] > own.whole / 2:
        return frozenset()
    request = slow[np.argmax(np.nanmean(losses[:, scores >= POSSIBLE], axis=0))]
    return frozenset(
        (number, block)
        for number, blocks in own.rates.items()
        for block in blocks
        if own.ends[number, block][0] <= request < own.ends[number, block][1]
    )


@dataclass(frozen=True)
class _Start:
    """What followed one start, a value a trial.

    Attributes:
        since, until: requests that had been sent before it, and by its end.
        losses: by how much it is slower than the round usually is, as a logarithm.
    """

    since: Values
    until: Values
    losses: Values

    def at(self, requests: Values) -> Values:
        """The loss of the trials that these requests were in; not a number of those in none."""
        index = np.searchsorted(self.since, requests, side="right") - 1
        inside = (index >= 0) & (requests < self.until[index])
        return np.where(inside, self.losses[index], np.nan)


def _starts(course: Course, beside: Sequence[Rounds]) -> Iterator[_Start]:
    for number, blocks in against(_logs(course.rates), beside).items():
        order = sorted(blocks, key=lambda block: course.ends[number, block])
        since, until = np.array([course.ends[number, block] for block in order]).T
        values = np.array([blocks[block] for block in order])
        yield _Start(since, until, np.median(values) - values)


def _scores(losses: Values, of_all: Values) -> Values:
    """Of each request: the median loss of the trials that it was in, over its standard error.

    0 where too few rounds have one, and where it is too small to be the same pause.

    Args:
        losses: a row a start, a column a request, not a number where it was in no trial.
        of_all: those of all trials.
    """
    seen = np.count_nonzero(~np.isnan(losses), axis=0)
    enough = seen >= max(_MIN_ROUNDS, len(losses) / 2)
    medians = np.zeros(losses.shape[1])
    if enough.any():
        medians[enough] = np.nanmedian(losses[:, enough], axis=0)
    spread = _OF_DEVIATIONS * float(np.median(np.abs(of_all)))
    large = medians >= max(LEAST, _ALIKE * float(medians.max()))
    scores: Values = np.where(large, medians * np.sqrt(seen) / (_OF_MEDIANS * max(spread, 1e-9)), 0.0)
    return scores


def _logs(shares: Shares) -> Rounds:
    return {
        number: {block: math.log(max(share.much, _NEVER) / share.over) for block, share in blocks.items()}
        for number, blocks in shares.items()
    }
