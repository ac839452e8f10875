"""Trials of closed load in which a server did what it does once after each start, after its warm-up.

A round starts every server anew, and its warm-up is short. What a server does once beyond that comes at about
the same request after each start. Python's first full garbage collection is such a pause: of a small
application it takes 15 ms, after some hundred or thousand requests, and there may be no other one for
minutes. A round holds hardly more than a second of a server's closed load, in which it would take one in a
hundred of the answers that it doesn't take in the long run.

What comes again has to count. So a pause is left out only if it is seen once in a round where it would have
been seen again: trials of closed load held the requests after which it would have come a second or a later
time. Open load hides it. And servers are treated alike: where one has a pause that has to count, those of the
others count, too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

import numpy as np

from bench.analysis.groups import group_of
from bench.analysis.measured import Measured
from bench.analysis.shares import Block, Rounds, Shares, against
from bench.model import Trial
from bench.model.variant import OLD

SURE, POSSIBLE = 4.0, 3.0
"""Standard errors by which trials are slower than others: of a pause, and of what may be a pause, too."""
LEAST = -math.log(0.95)
"""A pause takes this much of a trial's answers or more, as a logarithm."""
_ALIKE, _AGAIN = 1 / 4, 1 / 2
"""Of the longest pause: what is shorter isn't the same one, and what another trial lost as part of one."""
_FIRST = 1.25
"""A round's first trial has so many times a usual one's requests at most; the others were its warm-up."""
_AS_ONE = 1.5
"""Slow requests that are further apart than so many usual trials are of more than one trial a round."""
_MIN_ROUNDS, _MIN_TRIALS = 8, 6
"""With five or six rounds, noise as stored runs have it was taken for a pause in 5 to 8 % of runs."""
_MIN_SEEN = 5
_NEVER = 0.5
"""Answers of a trial that had none: fewer than any other."""

# Of normal values: the standard error of a median over that of a mean, and a standard deviation over the
# median absolute deviation (P. Huber, Robust Statistics, 1981, 1.2).
_OF_MEDIANS = math.sqrt(math.pi / 2)
_OF_DEVIATIONS = 1 / NormalDist().inv_cdf(0.75)

Values = np.typing.NDArray[np.float64]
Key = tuple[str, int, int]
"""A trial's case, round and block."""
Spans = Mapping[Key, tuple[int, int]]
"""How many requests a server had been sent since its start before each trial, and by its end."""


def late(cases: Collection[Measured], trials: Iterable[Trial]) -> Mapping[str, frozenset[Block]]:
    """By case the trials that don't count, at most one of each round.

    Args:
        cases: of servers that are started anew in each round, and never meanwhile.
        trials: all of the run, also those that don't count for another reason.
    """
    spans = _spans(trials, {case.case.id: case.case.deployment for case in cases})
    left_out: dict[str, set[Block]] = {}
    for app in dict.fromkeys(case.case.app for case in cases):
        members = [case for case in cases if case.case.app == app and _answers(case)]
        logs = {case.case.id: _logs(case.rates) for case in members}
        starts = (list(_starts(alike, members, logs, spans)) for alike in _alike(members))
        pauses = [pause for of_server in starts if (pause := _pause(of_server)) is not None]
        if all(pause.would_be_seen_again for pause in pauses):
            for case, number, block in (key for pause in pauses for key in pause.trials):
                left_out.setdefault(case, set()).add((number, block))
    return {case: frozenset(blocks) for case, blocks in left_out.items()}


@dataclass(frozen=True)
class _Pause:
    """Something that is seen once after each start.

    Attributes:
        would_be_seen_again: whether it would, did it come again after as many requests.
        trials: those that held it.
    """

    would_be_seen_again: bool
    trials: Sequence[Key]


@dataclass(frozen=True)
class _Start:
    """The trials of closed load that followed a server's start, a value each.

    Attributes:
        since, until: how many requests the server had been sent before it, and by its end.
        losses: by how much it was slower than its round usually is, as a logarithm, against other servers.
        own: the same by itself.
    """

    trials: Sequence[Key]
    since: Values
    until: Values
    losses: Values
    own: Values

    def index(self, requests: Values) -> np.typing.NDArray[np.intp]:
        """Which trial held each request; -1 for none."""
        index = np.searchsorted(self.since, requests, side="right") - 1
        return np.where((index >= 0) & (requests < self.until[index]), index, -1)

    def at(self, requests: Values) -> Values:
        """The losses of the trials that held these requests; not a number where none did."""
        index = self.index(requests)
        return np.where(index >= 0, self.losses[index], np.nan)


def _spans(trials: Iterable[Trial], deployments: Mapping[str, str]) -> Spans:
    """Those of a round's first trial begin behind the warm-up, of which they have the requests, too.

    Trials of results from before requests were counted are left out.
    """
    known = [t for t in trials if t.sent is not None and t.case in deployments]
    usual: dict[str, float] = {}
    for case in dict.fromkeys(trial.case for trial in known):
        usual[case] = median(trial.sent or 0 for trial in known if trial.case == case)
    spans: dict[Key, tuple[int, int]] = {}
    whole: dict[tuple[str, int], int] = {}
    begun: set[tuple[str, int]] = set()
    for trial in sorted(known, key=lambda trial: trial.at_s):
        start, sent = (deployments[trial.case], trial.round), trial.sent or 0
        before = whole.get(start, 0)
        whole[start] = before + sent
        if (trial.case, trial.round) not in begun:
            begun.add((trial.case, trial.round))
            before = max(before, whole[start] - math.ceil(_FIRST * usual[trial.case]))
        spans[trial.case, trial.round, trial.block] = before, whole[start]
    return spans


def _answers(case: Measured) -> bool:
    """Whether it is of closed load, and most of its trials had a right answer."""
    shares = [share for blocks in case.rates.values() for share in blocks.values()]
    return case.case.load.saturates and sum(share.much > 0 for share in shares) > len(shares) / 2


def _alike(members: Sequence[Measured]) -> Iterable[Sequence[Measured]]:
    """The cases of each server with those of its twin; an old version is another server."""
    alike: dict[tuple[str, bool], list[Measured]] = {}
    for case in members:
        alike.setdefault(_identity(case), []).append(case)
    return alike.values()


def _identity(case: Measured) -> tuple[str, bool]:
    return case.deployment.server.name, case.deployment.variant.kind == OLD


def _pause(starts: Sequence[_Start]) -> _Pause | None:
    """What is seen once after each start of a server; None where nothing is sure, or where it came again."""
    if len({number for start in starts for _, number, _ in start.trials[:1]}) < _MIN_ROUNDS:
        return None
    # Whatever some trials have in common begins where one of them begins.
    requests = np.unique(np.concatenate([start.since for start in starts]))
    width = float(np.median(np.concatenate([start.until - start.since for start in starts])))
    losses = np.array([start.at(requests) for start in starts])
    scores = _scores(losses, np.concatenate([start.losses for start in starts]))
    slow = scores >= POSSIBLE
    if scores.max(initial=0.0) < SURE or np.ptp(requests[slow]) > _AS_ONE * width:
        return None
    request = requests[slow][[int(np.argmax(np.nanmean(losses[:, slow], axis=0)))]]
    held = [(start, int(at)) for start in starts if (at := start.index(request)[0]) >= 0]
    if median(float(start.own[at]) for start, at in held) < LEAST or _came_again(starts, held):
        return None
    # Trials of another start begin and end elsewhere, so the pause is in what they have in common.
    latest = median(float(start.until[at]) for start, at in held)
    seen = _would_be_seen_again(starts, float(request[0]), latest)
    return _Pause(seen, [start.trials[at] for start, at in held])


def _would_be_seen_again(starts: Sequence[_Start], earliest: float, latest: float) -> bool:
    """Whether enough starts have trials of closed load wherever its second, third or a later time may be.

    Args:
        earliest, latest: after how many requests it came.
    """
    last = max(float(start.until[-1]) for start in starts)
    between = earliest + (latest - earliest) * np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    for time in range(2, int(last / max(latest, 1.0)) + 1):
        whole = sum(bool((start.index(time * between) >= 0).all()) for start in starts)
        if whole >= _enough(len(starts)):
            return True
    return False


def _enough(starts: int) -> float:
    """After how many of these starts a trial has to have held a request for it to tell something."""
    return max(_MIN_SEEN, starts / 2)


def _came_again(starts: Sequence[_Start], held: Sequence[tuple[_Start, int]]) -> bool:
    """Whether other trials are slower by as much, too, in half of the rounds or more: more of them than are
    faster by as much, which noise makes as many.
    """
    half = _AGAIN * median(float(start.losses[at]) for start, at in held)
    of_all = np.concatenate([start.losses for start in starts])
    of_held = np.array([start.losses[at] for start, at in held])
    slower = np.count_nonzero(of_all > half) - np.count_nonzero(of_held > half)
    return bool(slower - np.count_nonzero(of_all < -half) > len(starts) / 2)


def _starts(
    alike: Sequence[Measured], members: Sequence[Measured], logs: Mapping[str, Rounds], spans: Spans
) -> Iterator[_Start]:
    """Every start after which enough trials are known.

    Args:
        alike: the cases of a server and its twin, of all `members`.
        logs: of each case.
    """
    rows: dict[tuple[str, int], list[tuple[int, int, float, float, Key]]] = {}
    for case in alike:
        others = [
            logs[other.case.id]
            for other in members
            if group_of(other.case) == group_of(case.case) and _identity(other) != _identity(case)
        ]
        own = _losses(logs[case.case.id])
        for (number, block), loss in _losses(against(logs[case.case.id], others)).items():
            key = case.case.id, number, block
            if key in spans:
                row = (*spans[key], loss, own[number, block], key)
                rows.setdefault((case.case.deployment, number), []).append(row)
    for followed in rows.values():
        if len(followed) >= _MIN_TRIALS:
            followed.sort()
            since, until, losses, lost = np.array([row[:4] for row in followed]).T
            yield _Start([row[4] for row in followed], since, until, losses, lost)


def _scores(losses: Values, of_all: Values) -> Values:
    """Of each request: the median loss of the trials that held it, over its standard error.

    0 where too few rounds have one, and where it is too small to be the same pause.

    Args:
        losses: a row a start, a column a request, not a number where no trial held it.
        of_all: those of all trials.
    """
    seen = np.count_nonzero(~np.isnan(losses), axis=0)
    enough = seen >= _enough(len(losses))
    medians = np.zeros(losses.shape[1])
    if enough.any():
        medians[enough] = np.nanmedian(losses[:, enough], axis=0)
    spread = _OF_DEVIATIONS * float(np.median(np.abs(of_all)))
    large = medians >= max(LEAST, _ALIKE * float(medians.max()))
    scores: Values = np.where(large, medians * np.sqrt(seen) / (_OF_MEDIANS * max(spread, 1e-9)), 0.0)
    return scores


def _losses(rounds: Rounds) -> Mapping[Block, float]:
    """By how much each trial is slower than its round usually is."""
    return {
        (number, block): usual - value
        for number, blocks in rounds.items()
        for usual in [median(blocks.values())]
        for block, value in blocks.items()
    }


def _logs(shares: Shares) -> Rounds:
    return {
        number: {block: math.log(max(share.much, _NEVER) / share.over) for block, share in blocks.items()}
        for number, blocks in shares.items()
    }
