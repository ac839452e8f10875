"""A deployment while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.machine.lasting import Processes
from bench.model import Deployment, Sample, Target


@dataclass
class Member:
    """A deployment that runs, and what was read of it so far."""

    deployment: Deployment
    target: Target
    scenarios: tuple[str, ...]
    processes: Processes
    samples: dict[str, Sample | None] = field(default_factory=dict)
    start_s: float | None = None
    memory_idle_bytes: int | None = None
    idle_cpu: float | None = None
    serving: tuple[int, int] | None = None
    peers: Mapping[str, int] = field(default_factory=dict)
