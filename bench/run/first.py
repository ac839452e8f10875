"""What the first answers of a run show, once: what is right of pages, and how fast the like can be taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.model import Calibration, Learned, Sample, Target
from bench.run.fleet import Fleet
from bench.store import Writer

Calibrate = Callable[[Mapping[tuple[str, str], Sample], Sequence[Target]], Calibration]
"""Finds what the load generator reaches with answers like these, by app and scenario, and then has the load
go to these targets again.
"""


class FirstAnswers:
    """Takes from the servers of a round what no earlier one has shown, and saves it.

    Args:
        learned: what is known of pages: all later answers are held to it.
        calibrate: None where the load generator's ceiling is known.
    """

    def __init__(self, writer: Writer, learned: Sequence[Learned], calibrate: Calibrate | None) -> None:
        self._writer = writer
        self._calibrate = calibrate
        self.learned = list(learned)

    def take(self, fleet: Fleet) -> bool:
        """Whether anything was taken; the servers are up, and warm up next."""
        learned = fleet.newly_learned()
        self.learned += learned
        self._writer.append(learned=learned)
        if self._calibrate is None or not fleet.members:
            return bool(learned)
        samples = {
            (member.deployment.app.name, scenario): sample
            for member in fleet.members.values()
            for scenario, sample in member.samples.items()
            if sample is not None
        }
        self._writer.append(calibration=self._calibrate(samples, fleet.targets()))
        self._calibrate = None
        return True
