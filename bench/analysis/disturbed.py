"""Which blocks say more of the machine than of the servers: those in which several stood still at once.

How many of these, and of those in which the load generator was late, are measured again.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

from bench.model import MODELS, LoadModel, Trial

_LITTLE, _HARDLY_ANY = 1 / 3, 1 / 5
_ENOUGH = 4
_MOST_REPEATED = 0.1
_ALWAYS_REPEATED = 2
Why = Literal["still", "late"]
STILL: Why = "still"
LATE: Why = "late"
"""Why a block is measured again: servers stood still, or the load generator was late."""


class Repeats:
    """How many blocks of a whole run may be measured again: a tenth more of its time, and two in any case."""

    def __init__(self) -> None:
        self._blocks = 0
        self._spent_s = 0.0

    def allow(self, takes_s: float, whole_s: float) -> bool:
        """Whether one more may be, which is counted then.

        Args:
            takes_s: what it takes.
            whole_s: what all blocks of the run take.
        """
        allowed = self._blocks < _ALWAYS_REPEATED or self._spent_s + takes_s <= _MOST_REPEATED * whole_s
        if allowed:
            self._blocks += 1
            self._spent_s += takes_s
        return allowed


def said_of(why: Why, round_number: int, who: str) -> str:
    """What is said of a block that is measured again.

    Args:
        who: others that used the machine meanwhile; empty if none stands out.
    """
    took = f" ({who})" if who else ""
    if why == LATE:
        return (
            f"In round {round_number} the load generator was late{took}: what it sent then says little of a "
            f"server. The block was measured again."
        )
    return (
        f"In round {round_number} the servers stood still one after the other: that is the machine{took}, or "
        f"what all of them wait for, and not a server. The block was measured again."
    )


def all_failed(trial: Trial) -> bool:
    """Whether every request of a trial failed, as those of a server that was being restarted do.

    Nothing stood still then: the requests were refused or broken off, and are counted as what they are.
    """
    return 0 < trial.offered == trial.failed


class Usual:
    """What each case has done so far, and what the last trial was like."""

    def __init__(self) -> None:
        self._paces: dict[str, list[float]] = {}
        self._last: tuple[str, int, float] = ("", 0, 1.0)

    def begin_round(self) -> None:
        """No trial of this round follows one of the last."""
        self._last = "", 0, 1.0

    def disturbed(self, block: int, model: LoadModel, trials: Sequence[Trial]) -> list[int]:
        """Which blocks the machine has spoiled, of this one and the one before; then take note of this one.

        In such a block every server does less than a third of what it usually does, or two in trials that
        follow each other less than a fifth, perhaps one at the end of a block and one at the beginning of the
        next. One server that stands still in one trial is its own affair, however badly it does; so is every
        one, where there is only one. That two do so back to back by themselves is so rare that leaving such
        blocks out moves no figure.
        """
        shares = [self._share(model, trial) for trial in trials]
        spoiled: list[int] = []
        for trial, share in zip(trials, shares, strict=True):
            case, before, last = self._last
            if max(last, share) < _HARDLY_ANY and case != trial.case:
                spoiled += [before, block]
            self._last = trial.case, block, share
        if len({trial.case for trial in trials}) > 1 and max(shares) < _LITTLE:
            spoiled.append(block)
        if block not in spoiled:
            for trial in trials:
                if not all_failed(trial):
                    self._paces.setdefault(trial.case, []).append(_pace(model, trial))
        return sorted(set(spoiled))

    def _share(self, model: LoadModel, trial: Trial) -> float:
        """Of what its case usually does; 1 where that isn't known yet, or all its requests failed.

        Too high a rate of open load makes answers late, but doesn't let nearly all requests time out. So
        trials of open load with hardly an answer are told without knowing what is usual.
        """
        if all_failed(trial):
            return 1.0
        known = self._paces.get(trial.case, ())
        if MODELS[model].loop == "open" and trial.unfinished and trial.ok < trial.offered * _HARDLY_ANY:
            return trial.ok / trial.offered
        return _pace(model, trial) / median(known) if len(known) >= _ENOUGH and median(known) else 1.0


def _pace(model: LoadModel, trial: Trial) -> float:
    """Right answers a second of closed load; of open load, whose rate is given, answers a second of wait."""
    if MODELS[model].loop == "closed":
        return trial.answers / trial.duration_s if trial.duration_s else 0.0
    return 1 / trial.mean_s if trial.mean_s else 0.0
