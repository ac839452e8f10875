"""Closed load: N users, each of whom sends the next request when the last was answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bench.model.counted import count
from bench.model.loads.load import Connection, Load

if TYPE_CHECKING:
    from bench.model.planned import Plan

_SETTLING = 1.5, 2.25
"""How often a slow answer fits into settling: at least, and at most."""
STARTING = 1 / _SETTLING[0]
"""The share of settling for slow answers in which the users start."""
SETTLED_S = 0.9
"""Answers that take longer need `Plan.settle_s`: without it trials settle for a second at most."""
_LENGTHS = 0.5, 1.5
"""How long windows are, as shares of the plan's: at least, and at most."""
_OVERHEAD_S = 0.035
_SHARED_OVERHEAD_S = 0.1


@dataclass(frozen=True)
class Closed(Load):
    """As many users as requests are under way at once: none of them ever has two."""

    model: str = field(default="closed", init=False)
    loop = "closed"
    waits = True

    @classmethod
    def wanted(
        cls,
        users: Sequence[int],
        connections: Sequence[Connection],
        _shares: Sequence[float],
        _rate: float | None,
        /,
    ) -> Iterator[Self]:
        yield from (cls(number, connection=connections[0]) for number in users)
        yield from (cls(users[0], connection=connection) for connection in connections[1:])

    @classmethod
    def blocks(cls, plan: Plan) -> int:
        return plan.blocks

    def length_s(self, plan: Plan, drawn: float = 0.5, /) -> float:
        return length_s(plan, drawn)

    def settle_s(self, plan: Plan, drawn: float = 0.5, /) -> float:
        return settle_s(plan, drawn)

    def overhead_s(self, plan: Plan, answer_s: float | None, /) -> float:
        if answer_s is not None:
            return answer_s
        # Until all users are answered, before the window (settling for slow answers is that) and after it,
        # and draining.
        times = 2 if plan.settle_s else 3
        return (
            _OVERHEAD_S
            + times * waiting_s(plan, self.at_once)
            + (_SHARED_OVERHEAD_S if plan.processes > 1 else 0.0)
        )

    def due(self, _length_ns: int, _seed: int, /) -> list[int]:
        return []

    @property
    def name(self) -> str:
        return f"closed-{self.at_once}"

    def words(self) -> str:
        return f"closed load of {self.short()}"

    def short(self) -> str:
        return f"{self.at_once} user{'s' * (self.at_once != 1)}"

    def offered(self, _plan: Plan, /) -> str:
        return count(self.at_once, "user")


def waiting_s(plan: Plan, users: int) -> float:
    """How long each of so many users waits for the slowest page; 0 where its time isn't known."""
    return plan.page_s * max(1.0, users / plan.parallel)


def length_s(plan: Plan, drawn: float = 0.5) -> float:
    """How long closed load counts: about so long, or exactly so long where answers are slow.

    A pause that comes after so many requests, as garbage collections do, may end a window. Were all windows
    equally long, the next ones would begin at the same points before the next pause each time, and hold it
    too often or too seldom (docs/decisions/021-end-of-the-window.md).

    Args:
        drawn: from 0 to 1, for each block.
    """
    shortest, longest = (1.0, 1.0) if plan.settle_s else _LENGTHS
    return (shortest + drawn * (longest - shortest)) * plan.trial_s.closed


def settle_s(plan: Plan, drawn: float = 0.5) -> float:
    """How long closed load goes on before anything counts, where answers are slow; 0 where none are.

    Users who start together meet their slow answers together, and stay in step for many of them. So they
    start one after the other while one slow answer takes, and go on for half of that or more
    (docs/decisions/067-users-start-one-after-the-other.md).

    Args:
        drawn: from 0 to 1, for each trial: each waits for the last answers of the one before, so that, were
            all equally long, those of a server that stands still at regular times would all begin at the same
            point of these.
    """
    least, most = _SETTLING
    return (least + drawn * (most - least)) * plan.settle_s
