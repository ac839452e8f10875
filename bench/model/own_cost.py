"""What an application costs by itself, without a server, and what each server costs by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OwnCalls:
    """The application called in a process of its own, as a server calls it, once in a round.

    Attributes:
        calls: how many counted.
        cpu_s: of a request on average, by the requests' weights; those that were left out count as 0.
        wait_s: likewise, in which it waited for something else than a CPU.
    """

    round: int
    calls: int
    cpu_s: float
    wait_s: float


@dataclass(frozen=True)
class OwnCost:
    """What was measured beside a run's trials.

    Attributes:
        scenario: whose requests were called.
        calls: one a round, of some of the rounds.
        covered: the share of all requests, by weight, that could be called.
        requests: the names of these.
        left_out: why others weren't called, or nothing was measured; a sentence's end each.
        hello_s: by server, CPU seconds a request of a page of 13 bytes, in each block; of those that can
            serve it.
    """

    scenario: str
    calls: tuple[OwnCalls, ...] = ()
    covered: float = 0.0
    requests: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    hello_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
