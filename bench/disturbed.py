"""Which blocks say more of the machine than of the servers: those in which all of them stood still."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.model import LoadModel, Trial

_MUCH = 3.0
_ENOUGH = 4
_MOST_REPEATED = 0.1
_ALWAYS_REPEATED = 2


def repeats_allowed(blocks: int) -> int:
    """How many blocks of a whole run may be measured again."""
    return max(_ALWAYS_REPEATED, int(blocks * _MOST_REPEATED))


def stood_still(round_number: int, who: str) -> str:
    """What is said of such a block.

    Args:
        who: others that used the machine meanwhile; empty if none stands out.
    """
    took = f" ({who})" if who else ""
    return (
        f"In round {round_number} every server stood still at once: that is the machine, not a server{took}. "
        f"The block was measured again."
    )


class Usual:
    """What each case has done so far."""

    def __init__(self) -> None:
        self._paces: dict[str, list[float]] = {}

    def add(self, model: LoadModel, trials: Sequence[Trial]) -> None:
        """Note a block that wasn't disturbed."""
        for trial in trials:
            self._paces.setdefault(trial.case, []).append(_pace(model, trial))

    def disturbed(self, model: LoadModel, trials: Sequence[Trial]) -> bool:
        """Whether every server of a block did less than a third of what it usually does.

        One server that stands still is its own affair, however badly it does; so is every one, where there is
        only one. That several do in the same block by themselves is so rare that leaving such blocks out
        moves no figure.
        """
        known = [trial for trial in trials if len(self._paces.get(trial.case, ())) >= _ENOUGH]
        if len(known) < len(trials) or len({trial.case for trial in trials}) < 2:
            return False
        return all(_pace(model, trial) * _MUCH < median(self._paces[trial.case]) for trial in trials)


def _pace(model: LoadModel, trial: Trial) -> float:
    """Right answers a second of closed load; of open load, whose rate is given, answers a second of wait."""
    if model == "closed":
        return trial.answers / trial.duration_s if trial.duration_s else 0.0
    return 1 / trial.mean_s if trial.mean_s else 0.0
