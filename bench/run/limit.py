"""The time that a run may take: `--minutes` are a bound that holds whatever servers do, a plan is not."""

from __future__ import annotations

import time

from bench.model import MODELS, Plan
from bench.plan.duration import ENDING_S, EachS, ending_s
from bench.plan.lengths import FEWEST_IN_MINUTES, block_s, least_s
from bench.plan.pages import LIMIT_S, limit_s
from bench.run.pilot import FEWEST_BLOCKS

_LONGER = 1.5


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
        self._epoch_s = self._began_s = epoch_ns / 1e9
        self._share = 1.0

    def allows_again(self, plan: Plan, asked: Plan, each_s: EachS) -> bool:
        """Whether there is time for this plan's rounds, which measure anew what doesn't count.

        With `--minutes` for two of them; else a run may take half as long again as it was to take, and ten
        minutes in any case.

        Args:
            asked: as the run began.
            each_s: seconds for one of each part.
        """
        if plan.minutes is not None:
            return self.leaves(plan, FEWEST_IN_MINUTES * least_s(plan, each_s))
        rounds = plan.rounds - plan.counted_from + 1
        pilot_s = FEWEST_BLOCKS * sum(
            block_s(plan, each_s, name) for name, model in MODELS.items() if model.waits
        )
        takes_s = pilot_s + rounds * least_s(plan, each_s)
        return time.monotonic() - self._epoch_s + takes_s <= max(_LONGER * limit_s(asked), LIMIT_S)

    def begin_again(self, share: float) -> None:
        """What is planned from now on is this share of the rounds that were asked for."""
        self._began_s = time.monotonic()
        self._share = share

    def planned_s(self, plan: Plan) -> float:
        """Seconds that are left of what such a plan takes, without `--minutes`."""
        return self._began_s + self._share * limit_s(plan) - time.monotonic()

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
