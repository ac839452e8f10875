"""Load generators on other hosts, as a run asks for them and as it has seen them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SPOILED = "generator"
"""The reason of a gap that stands for a trial which was done again, since a generator was lost or late."""


@dataclass(frozen=True)
class Generators:
    """Those that share each trial of a run.

    Attributes:
        number: how many are waited for.
        host, port: where they find the master; servers listen on this host, too.
        waits: whether a trial waits for all of them when one is lost; else it is made by the others.
    """

    number: int
    host: str
    port: int
    waits: bool = False


@dataclass(frozen=True)
class Generator:
    """One of them, as it was seen.

    Attributes:
        name: its host's, with a number where that has several.
        apart_s: how long an answer of it takes at least, there and back; clocks are compared to half of it.
        network_s: how long a connection from it to a server takes to be made, by deployment.
        lost: how often it was lost.
        spoiled: trials that were done again because it was lost or late in them.
    """

    name: str
    host: str
    cpus: int
    python: str
    apart_s: float
    network_s: Mapping[str, float] = field(default_factory=dict)
    lost: int = 0
    spoiled: int = 0
