"""Every figure of an old and a new run, or version: what changed, and what can't be compared.

The margins are what each run found between its twins, 1 %, and what other programs may have caused; all
figures are adjusted together. Of runs on CPUs of other models memory alone is compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from bench.analysis import other_programs
from bench.analysis.claim import Contrast, decide, margin
from bench.analysis.compare.match import ComparedRun, Pair, match_cases, match_deployments
from bench.analysis.compare.twins import twin_of_case, twin_of_deployment
from bench.analysis.compare.welch import as_long, shift
from bench.analysis.estimate import Effect, Ratio
from bench.analysis.figure import Figure, Of, Records
from bench.analysis.figures import MEMORY, compared, compared_of_a_deployment
from bench.analysis.measured import Measured
from bench.model import Comparison, Uncompared


def changes_between(
    old: ComparedRun, new: ComparedRun, *, interleaved: bool
) -> tuple[tuple[Comparison, ...], tuple[Uncompared, ...]]:
    """What changed, and what can't be said.

    Args:
        interleaved: whether old and new are two versions in one run, measured in the same blocks: they are
            paired, and the run has one pair of twins. Two runs are put together by `welch.py`.
    """
    runs = (new,) if interleaved else (old, new)
    one_cpu = old.suite.environment.cpu_model == new.suite.environment.cpu_model

    def contrast(
        pair: Pair[Of], figure: Figure[Of], least: Callable[[Pair[Of], Figure[Of], Ratio], float]
    ) -> Contrast | Uncompared:
        if not one_cpu and figure is not MEMORY:
            return Uncompared(pair.subject, (figure.name,), "measured on another CPU")
        before, after = figure.read.effect(pair.old), figure.read.effect(pair.new)
        if before is None or after is None:
            return _missing(pair, figure, before, after)
        if not (interleaved or as_long(before, after)):
            return _of_other_lengths(pair, figure, before, after)
        moved = figure.read.paired(pair.new, pair.old) if interleaved else shift(before, after)
        if moved is None:
            return _missing(pair, figure, before, after)
        values = math.exp(after.mean), math.exp(before.mean)
        return Contrast(figure, pair.subject, pair.subject, values, moved, least(pair, figure, moved))

    def margin_of_case(pair: Pair[Measured], figure: Figure[Measured], moved: Ratio) -> float:
        least = margin(twin_of_case(run, pair.new if run is new else pair.old, figure) for run in runs)
        return other_programs.beyond(least, figure, pair.new, pair.old, moved)

    def margin_of_deployment(pair: Pair[Records], figure: Figure[Records], _moved: Ratio) -> float:
        twin = twin_of_deployment(pair.subject.app)
        return margin(twin(run, pair.new if run is new else pair.old, figure) for run in runs)

    cases, other_cases = match_cases(old, new)
    deployments, other_deployments = match_deployments(old, new)
    results = [
        *(contrast(p, figure, margin_of_case) for p in cases for figure in compared(p.new.case.load.loop)),
        *(
            contrast(p, figure, margin_of_deployment)
            for p in deployments
            for figure in compared_of_a_deployment()
        ),
    ]
    missing = (result for result in results if isinstance(result, Uncompared))
    return (
        decide([result for result in results if isinstance(result, Contrast)]),
        (*other_cases, *missing, *other_deployments),
    )


def _missing(pair: Pair[Of], figure: Figure[Of], old: Effect | None, new: Effect | None) -> Uncompared:
    """A figure that can't be compared, and which of the two lacks it."""
    lacking = " and ".join(name for name, value in (("OLD", old), ("NEW", new)) if value is None)
    reason = (
        f"in {lacking}: {figure.missing}"
        if lacking
        else "too few rounds or blocks in which both were measured"
    )
    return Uncompared(pair.subject, (figure.name,), reason)


def _of_other_lengths(pair: Pair[Of], figure: Figure[Of], old: Effect, new: Effect) -> Uncompared:
    lengths = f"its trials took {old.block_s:.2g} s in OLD and {new.block_s:.2g} s in NEW"
    reason = f"{lengths}, and what is typical of longer ones is another figure"
    return Uncompared(pair.subject, (figure.name,), reason)
