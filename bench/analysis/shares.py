"""What trials add to a rate, by round and block, and a case's rates less what the machine did to all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.model import Trial

Rounds = Mapping[int, Mapping[int, float]]
"""round -> block -> logarithm of a trial's value"""

Block = tuple[int, int]
"""round, block"""


@dataclass(frozen=True)
class Share:
    """So much of something, over so much of another: answers over seconds, CPU seconds over answers."""

    much: float
    over: float


Shares = Mapping[int, Mapping[int, Share]]
"""round -> block -> what a trial adds to a rate"""


def rate_of(trial: Trial) -> Share | None:
    """Right answers over seconds; None without any time."""
    return Share(trial.answers, trial.duration_s) if trial.duration_s > 0 else None


def against(rounds: Rounds, others: Sequence[Rounds]) -> Rounds:
    """Less the median departure of the others, in the same block, from what each does in that round."""
    if not others:
        return rounds
    usual = [{number: median(blocks.values()) for number, blocks in other.items()} for other in others]
    beside: dict[int, dict[int, float]] = {}
    for number, blocks in rounds.items():
        for block, value in blocks.items():
            moods = [
                other[number][block] - levels[number]
                for other, levels in zip(others, usual, strict=True)
                if block in other.get(number, {})
            ]
            if moods:
                beside.setdefault(number, {})[block] = value - median(moods)
    return beside
