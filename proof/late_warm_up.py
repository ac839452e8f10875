"""A server that stands still once after each start, beside one that doesn't: do both come out alike?"""

from __future__ import annotations

import math
from dataclasses import replace

from bench.analysis.estimate import Effect, differences, effect
from bench.model import Plan
from proof import variants
from proof.collecting import COLLECT_VARIABLE
from proof.evidence import Archive, Evidence
from proof.runs import planned_run
from proof.variants import Size, closed

AT = 900
"""The request that the pause comes before: after the warm-up, and in the first half of a round."""
WITHIN, WIDEST = 0.01, 0.02
_MOST = 0.8
"""In so many rounds the pause has to be found, at least."""
_STEADY, _PAUSING = "steady", "pausing"


def prove(archive: Archive, *, runs: int, size: Size) -> Evidence:
    """So many runs of both, and of the first one's twin."""
    directory = archive.runs("late-warm-up")
    suites = [planned_run(directory / f"{number}", _plan(size, number)) for number in range(1, runs + 1)]
    pairs = [(closed(suite, _PAUSING), closed(suite, _STEADY)) for suite in suites]
    told = effect([value for a, b in pairs for value in differences(a.rates, b.rates)])
    whole = [(replace(a, late=frozenset()), b) for a, b in pairs]
    counted = effect([value for a, b in whole for value in differences(a.rates, b.rates)])
    left_out = sum(len(a.late) > _MOST * len(a.rates) and not b.late for a, b in pairs)
    return Evidence(
        reached=f"{_said(told)}; left out in {left_out} of {runs} runs",
        holds=judged(told, all_left_out=left_out == runs),
        note=f"with what is left out it would be {_said(counted)}",
        raw={"late": [sorted(a.late) for a, _ in pairs], "blocks": [suite.plan.blocks for suite in suites]},
    )


def judged(ratio: Effect | None, *, all_left_out: bool) -> bool | None:
    """Whether two are alike, as far as their interval knows; None where that knows too little."""
    if ratio is None:
        return None
    if not all_left_out:
        return False
    half = ratio.interval()[1] - ratio.mean
    if abs(ratio.mean) > math.log1p(WITHIN) + half:
        return False
    return True if half <= math.log1p(WIDEST) else None


def _said(ratio: Effect | None) -> str:
    """E.g. "0.991 (0.975 to 1.007)"."""
    if ratio is None:
        return "not measured"
    low, high = (math.exp(bound) for bound in ratio.interval())
    return f"{math.exp(ratio.mean):.3f} ({low:.3f} to {high:.3f})"


def _plan(size: Size, seed: int) -> Plan:
    numbers = {_STEADY: 0, _PAUSING: AT}
    servers = [variants.server(name, COLLECT_VARIABLE, str(number)) for name, number in numbers.items()]
    return variants.plan(size.profile(twin=True), "collecting", servers, seed)
