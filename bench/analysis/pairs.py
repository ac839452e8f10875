"""Every pair of a group compared, and a server with its twin.

Ratios are of what both reached in the blocks in which both were measured: two trials of one block are
neighbours in time, so what the machine did to both cancels, but for what other programs took of the CPUs of
one more than of the other's: a difference in throughput that this may explain isn't claimed. What may be
claimed of the others is decided in `bench/analysis/claim.py`; all pairs of a group are one family, and all
that isn't claimed ties.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from bench.analysis import other_programs
from bench.analysis.claim import Contrast, decide, deviation, margin
from bench.analysis.figure import Figure
from bench.analysis.groups import subject_of
from bench.analysis.measured import Measured
from bench.model import Comparison
from bench.model.variant import SERVER, TWIN


def compare_twins(figure: Figure[Measured], members: Sequence[Measured]) -> list[Comparison]:
    """Each server against its identical twin, not adjusted: the harness's own error.

    Args:
        members: the valid cases of a group.
    """
    originals = {one.deployment.server.name: one for one in members if one.deployment.variant.kind == SERVER}
    pairs = [
        (original, one)
        for one in members
        if one.deployment.variant.kind == TWIN and (original := originals.get(one.deployment.server.name))
    ]
    return [twin for pair in pairs for twin in _compared(figure, [pair], margin([]))]


def compare_all(
    figure: Figure[Measured], cases: Sequence[Measured], twins: Iterable[Comparison]
) -> tuple[Comparison, ...]:
    """All pairs, the earlier case against the later.

    Args:
        cases: the valid ones of a group without twins, best first.
    """
    return _compared(figure, list(combinations(cases, 2)), margin(map(deviation, twins)))


def _compared(
    figure: Figure[Measured], pairs: Sequence[tuple[Measured, Measured]], least: float
) -> tuple[Comparison, ...]:
    cases = {one.case.id: one for pair in pairs for one in pair}
    values = {id_: value.value for id_, one in cases.items() if (value := figure.read.value(one))}
    return decide(
        [
            Contrast(
                figure,
                subject_of(a.case),
                subject_of(b.case),
                (values[a.case.id], values[b.case.id]),
                ratio,
                other_programs.beyond(least, figure, a, b, ratio),
            )
            for a, b in pairs
            if (ratio := figure.read.paired(a, b)) is not None
        ]
    )
