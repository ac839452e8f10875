"""The slow end of response times, compared block by block.

A percentile near the end of all answers of a run is what the machine's few standstills make of it: one that
meets one server's trial and not the other's decides it. Each block has a percentile of its own, of two
servers a moment apart, and what is typical of their ratios is moved by no standstill. What a server does
often is in most of its blocks; what it does rarely is looked for in `bench/analysis/stalls.py`. Intervals are
wider where the blocks of a round are alike (`bench/analysis/design_effect.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from statistics import median

from bench.analysis.design_effect import design_effect
from bench.analysis.estimate import Effect
from bench.analysis.hodges_lehmann import Shift, each_that_fits, paired_shift
from bench.analysis.measured import Measured
from bench.analysis.percentiles import percentile
from bench.analysis.shares import Block

BEYOND = 5
"""A percentile of a block tells something with so many requests beyond it: p99 of 500, p95 of 100."""
FEWEST_ROUNDS = 6
"""How alike the blocks of a round are is told by rounds. With three or four, and restarts that move tails as
much as blocks differ, five twins were told apart in a fifth of simulated runs."""


def tail(case: Measured, share: float) -> Effect | None:
    """The logarithm of a percentile over the whole run, with that of each block.

    None with too few samples beyond it, over all or in a block, or with too few rounds.
    """
    if not _telling(case, share):
        return None
    whole = percentile(list(case.latency_by_round.values()), share)
    blocks = _thinned(case.log_tails[share])
    if whole is None or _rounds(blocks) < FEWEST_ROUNDS:
        return None
    design = design_effect(blocks)
    return replace(
        whole,
        of_blocks=tuple(blocks.values()),
        widened=design.widening,
        freedom_of_blocks=design.freedom,
        block_s=median(trial.duration_s for trial in case.trials),
    )


def typical_s(case: Measured, share: float) -> float | None:
    """What a block's percentile typically is; None with too few blocks."""
    over_blocks = paired_shift(list(case.log_tails[share].values()))
    return None if over_blocks is None else math.exp(over_blocks.mean)


def tail_ratio(a: Measured, b: Measured, share: float) -> Shift | None:
    """The logarithm of a / b, typical of the blocks that both have; None as above."""
    if not (_telling(a, share) and _telling(b, share)):
        return None
    of_a, of_b = a.log_tails[share], b.log_tails[share]
    return typical({block: of_a[block] - of_b[block] for block in sorted(of_a.keys() & of_b.keys())})


def typical(differences: Mapping[Block, float]) -> Shift | None:
    """What is typical of the differences of two servers' blocks; None with too few rounds."""
    blocks = _thinned(differences)
    over_blocks = paired_shift(list(blocks.values()))
    if over_blocks is None or _rounds(blocks) < FEWEST_ROUNDS:
        return None
    design = design_effect(blocks)
    return over_blocks.widened(design.widening, design.freedom)


def _thinned(blocks: Mapping[Block, float]) -> Mapping[Block, float]:
    """As many as their pairs have room for, so that their design is that of those which are compared."""
    return dict(list(blocks.items())[:: each_that_fits(len(blocks))])


def _rounds(blocks: Mapping[Block, float]) -> int:
    return len({number for number, _ in blocks})


def _telling(case: Measured, share: float) -> bool:
    """Whether the percentile may be published, and has requests enough beyond it in a usual trial."""
    if case.latency is None or case.latency.percentile_s(share) is None:
        return False
    return round(median(trial.offered for trial in case.trials) * (1 - share), 6) >= BEYOND
