"""From a stored suite to everything that a report says. Pure functions: the same suite, the same analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.analysis.cases import measured
from bench.analysis.claim import could_be_claimed
from bench.analysis.compare.within import compare_versions
from bench.analysis.figures import THROUGHPUT, compared, ranking
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.analysis.own_share import own_shares
from bench.analysis.pairs import compare_all, compare_twins
from bench.analysis.rank import rank
from bench.analysis.stalls import stalls
from bench.analysis.summary import summarise
from bench.analysis.verdict import judge
from bench.analysis.versions import new_version
from bench.model import Analysis, Comparison, Rank, Stalls, Suite, Summary, Verdict


@dataclass(frozen=True)
class _Group:
    """The outcome of one group."""

    comparisons: tuple[Comparison, ...]
    neighbours: tuple[Comparison, ...]
    ranks: tuple[Rank, ...]
    twins: tuple[Comparison, ...]
    stalls: tuple[Stalls, ...]


def analyse(suite: Suite) -> Analysis:
    """Derive summaries, verdicts, comparisons and ranks.

    A suite that claims nothing (the smoke profile) gets no comparison and no rank.

    Raises:
        ResultError: a stored histogram can't be decoded.
    """
    cases = measured(suite)
    summaries = {
        id_: summarise(case, [r for r in suite.deployments if r.deployment == case.deployment.name])
        for id_, case in cases.items()
    }
    verdicts = judge(suite, cases.values())
    groups = [
        _analyse_group(name, [cases[case.id] for case in members], summaries, verdicts)
        for name, members in grouped(new_version(suite).plan.cases).items()
        if suite.plan.claims
    ]
    comparisons = tuple(c for group in groups for c in group.comparisons)
    twins = [twin for group in groups for twin in group.twins]
    told = {THROUGHPUT.name} if suite.plan.locust is None else {twin.figure for twin in twins}
    changes, not_compared = compare_versions(suite)
    return Analysis(
        summaries=summaries,
        verdicts=verdicts,
        comparisons=comparisons,
        ranking=tuple(place for group in groups for place in group.ranks),
        twin=next((twin for twin in twins if twin.figure in told), None),
        detectable=_detectable([pair for group in groups for pair in group.neighbours]),
        stalls=tuple(one for group in groups for one in group.stalls),
        own_shares=tuple(own_shares(suite, cases.values(), summaries, verdicts)) if suite.plan.claims else (),
        changes=changes,
        not_compared=not_compared,
    )


def _analyse_group(
    name: str,
    members: Sequence[Measured],
    summaries: Mapping[str, Summary],
    verdicts: Mapping[str, Verdict],
) -> _Group:
    valid = [m for m in members if verdicts[m.case.id].valid]
    candidates = [m for m in valid if m.deployment.variant.kind.ranked]
    comparisons: dict[str, tuple[Comparison, ...]] = {}
    neighbours: list[Comparison] = []
    twins: list[Comparison] = []
    ranks: tuple[Rank, ...] = ()
    whole: set[str] = set()
    loop = members[0].case.load.loop
    for figure in compared(loop):
        if figure.instead_of in whole:
            continue
        own = compare_twins(figure, valid)
        twins += own
        values = {m.case.id: summaries[m.case.id].value(figure.key) for m in candidates}
        known = [m for m in candidates if values[m.case.id] is not None]
        known.sort(key=lambda m: figure.read.place(m) or 0.0, reverse=figure.more_is_better)
        tested = compare_all(figure, known, own)
        # Of so many pairs, so few blocks can't tell any apart.
        tested = tested if all(map(could_be_claimed, tested)) else ()
        comparisons[figure.name] = tested
        following = set(pairwise(m.case.id for m in known))
        neighbours += [pair for pair in tested if (pair.subject.id, pair.other.id) in following]
        if len(known) == len(candidates) and len(tested) == math.comb(len(known), 2):
            whole.add(figure.name)
            comparisons.pop(figure.instead_of, None)
        if not ranks and (figure is ranking(loop)[-1] or (figure.ranks and figure.name in whole)):
            better = {(c.subject.id, c.other.id) for c in tested if c.better}
            better |= {(c.other.id, c.subject.id) for c in tested if c.better is False}
            ranks = rank(name, [m.case.id for m in known], better)
    return _Group(
        tuple(pair for tested in comparisons.values() for pair in tested),
        tuple(neighbours),
        ranks,
        tuple(twins),
        stalls(valid),
    )


def _detectable(neighbours: Sequence[Comparison]) -> float | None:
    """The median over neighbours in throughput."""
    smallest = [pair.smallest for pair in neighbours if pair.figure == THROUGHPUT.name]
    return median(smallest) if smallest else None
