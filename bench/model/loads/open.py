"""Open load: requests are due at set times, at a rate that doesn't depend on the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bench.model.digits import a_second
from bench.model.loads.load import Connection, Load

if TYPE_CHECKING:
    from bench.model.planned import Plan

IN_FLIGHT_CAP = 256
OVERHEAD_S = 0.02
_DRAINING_PAGES = 1.5
_PILOT_SHARE = 0.6
EASY_RPS = 80.0
"""The most that smoke offers: a trial's 40 requests may all be under way at once and none is dropped, and
whoever answers 4 a second answers them in time."""
_EASY_SHARE = 0.5

# A queue forgets how it began in 1 / (service rate (1 - sqrt(load))^2), the relaxation time of M/M/1
# (J. Cohen, The Single Server Queue, 1982): at 60 % that is 12 arrivals, and these are 40.
_SETTLING_ARRIVALS = 40
_SETTLE_BOUNDS_S = 0.05, 1.0


@dataclass(frozen=True)
class Open(Load):
    """Requests are due at set times; one that is due while `at_once` are under way is dropped."""

    model: str = field(default="open", init=False)
    loop = "open"
    waits = False

    @classmethod
    def wanted(
        cls,
        _users: Sequence[int],
        connections: Sequence[Connection],
        shares: Sequence[float],
        rate: float | None,
        /,
    ) -> Iterator[Self]:
        yield from (cls(IN_FLIGHT_CAP, rate, connection) for connection in connections)
        yield from (cls(IN_FLIGHT_CAP, None, connections[0], share) for share in shares if rate is None)

    @classmethod
    def blocks(cls, plan: Plan) -> int:
        return plan.open_blocks

    def length_s(self, plan: Plan, _drawn: float = 0.5, /) -> float:
        return plan.trial_s.open

    def settle_s(self, plan: Plan, _drawn: float = 0.5, /) -> float:
        return max(plan.settle_s, settle_s(self.rate))

    def overhead_s(self, plan: Plan, answer_s: float | None, /) -> float:
        return OVERHEAD_S + (_DRAINING_PAGES * plan.page_s if answer_s is None else answer_s / 2)

    def due(self, length_ns: int, seed: int, /) -> list[int]:
        # What says which options there are has no need of numpy.
        from bench.model.loads.arrivals import poisson

        assert self.rate is not None
        return poisson(self.rate, length_ns, seed)

    @property
    def name(self) -> str:
        return "open" if self.share is None else f"open-{self.share * 100:g}"

    def words(self) -> str:
        if self.share is not None:
            return f"open load of {self.share * 100:.0f} % of each server's own capacity"
        return f"open load of {'a rate not set yet' if self.rate is None else a_second(self.rate)}"

    def short(self) -> str:
        return "open" if self.share is None else f"open {self.share * 100:g} %"

    def offered(self, plan: Plan, /) -> str:
        if self.rate is not None:
            return a_second(self.rate)
        if self.share is not None:
            return f"{self.share * 100:g} % of its own capacity"
        if plan.claims:
            return f"{_PILOT_SHARE:.0%} of the slowest".replace("%", " %")
        return f"{a_second(EASY_RPS)}, at most half of the slowest"


def settle_s(rate: float | None) -> float:
    """How long open load of this rate, requests a second, goes on before anything counts."""
    least, most = _SETTLE_BOUNDS_S
    return least if rate is None else min(most, max(least, _SETTLING_ARRIVALS / rate))


def common_rate(slowest_rps: float, *, claims: bool) -> float:
    """What is offered to all servers, where the slowest one does so many requests a second."""
    return slowest_rps * _PILOT_SHARE if claims else min(slowest_rps * _EASY_SHARE, EASY_RPS)
