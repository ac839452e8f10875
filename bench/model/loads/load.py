"""What every load model says of itself, so that nobody else has to know which models there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Self

if TYPE_CHECKING:
    from bench.model.planned import Plan

Connection = Literal["as-is", "close"]
Loop = Literal["closed", "open"]


@dataclass(frozen=True)
class Load(ABC):
    """How requests are offered: a kind of it is a load model, with a module of its own.

    Attributes:
        model: the load model's name, in `MODELS` and in results.
        at_once: the most requests that are under way at once. A result calls it "users".
        rate: requests due a second; None where none are due at set times, and before the pilot has found it.
        connection: "close" asks the server to close after each response.
        share: of the server's own capacity, which the pilot makes into its rate; None for a rate that is
            the same for all servers.
        loop: "closed" where a user sends its next request as soon as the last is answered: throughput is
            then what the server can do. "open" where something else than the server decides how many requests
            there are, the times at which they are due or how long users think: their latency tells.
        waits: whether a user waits for its answer before it sends its next request, at once or later.
    """

    model: str = field(init=False)
    at_once: int = field(metadata={"stored": "users"})
    rate: float | None = None
    connection: Connection = "as-is"
    share: float | None = None
    loop: ClassVar[Loop]
    waits: ClassVar[bool]

    @classmethod
    @abstractmethod
    def wanted(
        cls,
        users: Sequence[int],
        connections: Sequence[Connection],
        shares: Sequence[float],
        rate: float | None,
        /,
    ) -> Iterator[Self]:
        """The loads that a profile wants of this model; its usual users and connection are the first ones."""

    @classmethod
    @abstractmethod
    def blocks(cls, plan: Plan) -> int:
        """How many blocks of this model a round has."""

    @abstractmethod
    def length_s(self, plan: Plan, drawn: float = 0.5, /) -> float:
        """How long a trial counts.

        Args:
            drawn: from 0 to 1, for each block, where not all may be equally long; by default the mean.
        """

    @abstractmethod
    def settle_s(self, plan: Plan, drawn: float = 0.5, /) -> float:
        """How long a trial goes on before anything counts.

        Args:
            drawn: as for its length, for each trial.
        """

    @abstractmethod
    def overhead_s(self, plan: Plan, answer_s: float | None, /) -> float:
        """What a trial takes beside settling and counting.

        Args:
            answer_s: how long the application takes for an answer; None before anything is known of it.
        """

    @abstractmethod
    def due(self, length_ns: int, seed: int, /) -> list[int]:
        """When requests are due, nanoseconds from the trial's start; never, where users wait for answers."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its part of a case's id: "closed-16"."""

    @abstractmethod
    def words(self) -> str:
        """The load as a report names it: "closed load of 16 users"."""

    @abstractmethod
    def short(self) -> str:
        """The load as the screen names it: "16 users"."""

    @abstractmethod
    def offered(self, plan: Plan, /) -> str:
        """What a run will offer, in words: "60 % of the slowest"."""

    @property
    def saturates(self) -> bool:
        """Whether a user sends its next request as soon as its last is answered."""
        return self.loop == "closed"

    @property
    def ready(self) -> bool:
        """Whether it can be offered: a rate may have to be found first."""
        return self.waits or self.rate is not None

    def takes_s(self, plan: Plan, answer_s: float | None = None) -> float:
        """How long a trial takes altogether."""
        return self.settle_s(plan) + self.length_s(plan) + self.overhead_s(plan, answer_s)
