"""How long trials are where users think: set by what the first ones have seen, not by the profile alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.model import Plan, Trial, TrialLength

if TYPE_CHECKING:
    from bench.plan.layout import Profile

_ANSWERS_EACH = 3
"""So many answers a user gets in a trial."""
_LONGEST_S = 60.0
_SETTLING = 1.5
"""Users begin one after the other in two thirds of settling: that is one of their cycles."""
_LONGEST_SETTLING_S = 20.0
_FEWEST_ROUNDS = 2
_BESIDE_S = 6.0
"""For starting a server, warming it up, and what a trial takes beside settling and counting."""


@dataclass(frozen=True)
class _Amount:
    """How much a profile measures where users think."""

    rounds: int
    blocks: int
    trial_s: float
    warmup_s: float = 2.0


_AMOUNTS: Mapping[str, _Amount] = {
    "smoke": _Amount(rounds=1, blocks=1, trial_s=2.0, warmup_s=0.5),
    "standard": _Amount(rounds=6, blocks=1, trial_s=8.0),
    "full": _Amount(rounds=10, blocks=3, trial_s=20.0),
}


def of_users(profile: Profile, given: Collection[str]) -> Profile:
    """The profile for users who drive themselves: few long trials instead of many short ones.

    Args:
        given: names of settings that are the user's own.
    """
    amount = _AMOUNTS[profile.name]
    return replace(
        profile,
        rounds=profile.rounds if "rounds" in given else amount.rounds,
        blocks=profile.blocks if "blocks" in given else amount.blocks,
        trial_s=TrialLength(amount.trial_s, amount.trial_s),
        warmup_s=amount.warmup_s,
        rounds_in_containers=None,
    )


def cycle_s(trials: Sequence[Trial], users: int) -> float | None:
    """Seconds from one request of a user to its next, answer and thinking together, of the slowest case; None
    where nothing was answered.
    """
    cycles = [
        users * trial.duration_s / (trial.answers + trial.failed)
        for trial in trials
        if trial.answers + trial.failed
    ]
    return max(cycles, default=None)


def for_cycle(plan: Plan, cycle: float, left_s: float | None) -> Plan:
    """Trials in which each user is seen several times, and none of them all at once.

    Args:
        left_s: of the run's time, into which two rounds have to fit; None without `--minutes`.
    """
    length_s = min(_LONGEST_S, _ANSWERS_EACH * cycle)
    settle_s = min(_LONGEST_SETTLING_S, _SETTLING * cycle)
    if left_s is not None:
        most_s = max(0.0, left_s / (_FEWEST_ROUNDS * len(plan.cases)) - _BESIDE_S)
        share = min(1.0, most_s / (length_s + settle_s))
        length_s, settle_s = length_s * share, settle_s * share
    length_s = max(plan.trial_s.closed, length_s)
    return replace(plan, settle_s=max(plan.settle_s, settle_s), trial_s=TrialLength(length_s, length_s))


def in_what(before: Plan, after: Plan) -> str:
    """What was set otherwise, and why; empty if nothing was."""
    if after.trial_s.closed <= before.trial_s.closed and after.rounds == before.rounds:
        return ""
    rounds = after.counted_rounds
    return (
        f"users think: a trial counts for {after.trial_s.closed:.2g} s, so that each asks several times; "
        f"{rounds} rounds of {after.blocks} block{'s' * (after.blocks != 1)}"
    )
