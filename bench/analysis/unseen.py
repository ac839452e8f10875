"""How rare the pauses and slow answers may be that a run was too short to see."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.cases import measured
from bench.model import Suite
from bench.model.digits import significant

_ENOUGH = 3
"""Where so many are expected, one is seen in 95 of 100 runs: exp(-3) is 5 %."""


def unseen(suite: Suite) -> Iterator[str]:
    """A sentence on how rare a pause or a slow answer may be that nothing was seen of."""
    closed = [member for member in measured(suite).values() if member.case.load.saturates and member.trials]
    if not suite.plan.claims or not closed:
        return
    counted_s = min(member.total(lambda trial: trial.duration_s) for member in closed)
    yield (
        f"A pause or a slow answer that comes less than once in {significant(counted_s / _ENOUGH)} s of a "
        f"server's time may not have been seen under closed load; more --minutes see rarer ones."
    )
