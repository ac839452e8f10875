"""Whether a server keeps up in the long run what it does in short trials.

Between its trials a server rests. One with a limit that lets it be faster for a moment (a rate limiter that
makes requests wait, credits for CPU time) saves up meanwhile, and each trial would measure what was saved. Of
our own servers it is known that they have none; of a target nobody knows.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence

from bench.model import Plan, Trial
from bench.plan.duration import least_block_s
from bench.plan.lengths import with_settling

STEADY_S = 0.5
"""Trials that settle for one and a half of it, and count for two, are past what was saved."""
_SLOWER = 0.75
"""Less than this share of what short trials say is no chance: each of the two is good to a tenth."""
_TIME_SHARE = 0.15


class Steady:
    """Asks every target for longer, once.

    Args:
        block: runs one of the loads whose users wait, as the plan has it.
        ends_s: monotonic time at which the last trial must have ended; None without `--minutes`.
        targets: whether the run's servers are targets.

    Attributes:
        slower: whether one did less then.
    """

    def __init__(
        self, block: Callable[[Plan], Sequence[Trial]], ends_s: float | None, *, targets: bool
    ) -> None:
        self._block = block
        self._ends_s = ends_s
        self._targets = targets
        self.slower = False

    def look(self, plan: Plan, short_rps: Mapping[str, float]) -> tuple[Plan, Mapping[str, float]]:
        """The plan, with longer trials where they say less, and what each case does a second by these."""
        longer = with_settling(plan, STEADY_S)
        unknown = self._targets and plan.claims and bool(short_rps) and not plan.settle_s
        if not (unknown and self._has_time(longer)):
            return plan, short_rps
        long_rps = {t.case: t.answers / t.duration_s for t in self._block(longer) if not t.failed}
        self.slower = any(long_rps.get(case, rps) < _SLOWER * rps for case, rps in short_rps.items())
        return (longer, {**short_rps, **long_rps}) if self.slower else (plan, short_rps)

    def _has_time(self, plan: Plan) -> bool:
        left_s = math.inf if self._ends_s is None else self._ends_s - time.monotonic()
        return least_block_s(plan) < _TIME_SHARE * left_s
