"""A deployment while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.machine.lasting import Processes
from bench.model import Deployment, DeploymentRecord, Sample, Target


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
    memory_peak_bytes: int | None = None
    image_bytes: int | None = None
    oom_kills: int | None = None
    throttled_s: float | None = None

    def record(self, round_number: int, *, clean: bool | None) -> DeploymentRecord:
        """What a result keeps of it.

        Args:
            clean: whether it ended in time when it was told to; None if it had ended before, which stands
                among the failures, and its processes not among those that were replaced.
        """
        return DeploymentRecord(
            deployment=self.deployment.name,
            round=round_number,
            start_s=self.start_s,
            memory_idle_bytes=self.memory_idle_bytes,
            memory_peak_bytes=self.memory_peak_bytes,
            image_bytes=self.image_bytes,
            stopped_cleanly=clean,
            idle_cpu=self.idle_cpu,
            restarts=None if clean is None else self.processes.restarts,
            oom_kills=self.oom_kills,
            throttled_s=self.throttled_s,
            workers=self.serving[0] if self.serving else None,
            threads=self.serving[1] if self.serving else None,
            peers=self.peers,
        )
