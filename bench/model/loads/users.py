"""Users who drive themselves, as those of a locust file do: closed load with think times of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bench.model.counted import count
from bench.model.loads.load import Connection, Load

if TYPE_CHECKING:
    from bench.model.planned import Plan

SETTLE_S, CLAIMS_NOTHING_S = 2.0, 0.5
"""For so long at least users go on, once all have begun, before anything counts; the latter in a run that
claims nothing."""
_OVERHEAD_S = 1.0


@dataclass(frozen=True)
class Users(Load):
    """As many users as ask at most at once: each waits for its answer, and then thinks as long as it likes.

    How long it thinks is much more than an answer takes, as a rule, and the same whichever server it asks. So
    throughput is nearly equal by design, and latency tells.
    """

    model: str = field(default="users", init=False)
    loop = "open"
    waits = True

    @classmethod
    def wanted(
        cls,
        _users: Sequence[int],
        _connections: Sequence[Connection],
        _shares: Sequence[float],
        _rate: float | None,
        /,
    ) -> Iterator[Self]:
        """No profile has any: they come with a file of the user's."""
        return iter(())

    @classmethod
    def blocks(cls, plan: Plan) -> int:
        return plan.blocks

    def length_s(self, plan: Plan, _drawn: float = 0.5, /) -> float:
        return plan.trial_s.closed

    def settle_s(self, plan: Plan, _drawn: float = 0.5, /) -> float:
        return max(SETTLE_S if plan.claims else CLAIMS_NOTHING_S, plan.settle_s)

    def overhead_s(self, _plan: Plan, _answer_s: float | None, /) -> float:
        return _OVERHEAD_S

    def due(self, _length_ns: int, _seed: int, /) -> list[int]:
        return []

    @property
    def name(self) -> str:
        return f"users-{self.at_once}"

    def words(self) -> str:
        return f"{count(self.at_once, 'user')} of a locust file"

    def short(self) -> str:
        return count(self.at_once, "user")

    def offered(self, _plan: Plan, /) -> str:
        return f"{count(self.at_once, 'user')}, with their think times"
