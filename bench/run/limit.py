"""The time that a run may take, with `--minutes`: a bound that holds whatever servers do."""

from __future__ import annotations

import time

from bench.model import Plan
from bench.plan.duration import ENDING_S, ending_s


class Limit:
    """When a run must have ended; never, without `--minutes`.

    Attributes:
        breaks_off_s: monotonic time at which a trial is broken off that a server keeps from ending, so that
            servers can be stopped in time; None without a limit.
    """

    def __init__(self, plan: Plan, epoch_ns: int) -> None:
        minutes = plan.minutes
        self._ends_s = None if minutes is None else epoch_ns / 1e9 + minutes * 60
        self.breaks_off_s = None if self._ends_s is None else self._ends_s - ENDING_S / 2

    def last_s(self, plan: Plan) -> float | None:
        """Monotonic time at which the last trial is to have ended."""
        return None if self._ends_s is None else self._ends_s - ending_s(plan)

    def left_s(self, plan: Plan) -> float | None:
        """Seconds until then."""
        last_s = self.last_s(plan)
        return None if last_s is None else last_s - time.monotonic()

    def leaves(self, plan: Plan, seconds: float) -> bool:
        """Whether there are so many left."""
        left_s = self.left_s(plan)
        return left_s is None or seconds <= left_s
