"""The groups of a run as a report shows them: which rows, in which order, with which rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bench.analysis.figure import Figure
from bench.analysis.groups import grouped
from bench.analysis.versions import new_version
from bench.model import Analysis, Case, Deployment, Rank, Suite, Summary, Verdict
from bench.model.finding import GENERATOR_BOUND
from bench.report.multiples import Multiple, multiples, ranked_by


@dataclass(frozen=True)
class Entry:
    """One row: a case with all that is known of it.

    Attributes:
        rank: the places that it may have; None if it isn't ranked.
    """

    case: Case
    deployment: Deployment
    summary: Summary
    verdict: Verdict
    rank: Rank | None

    @property
    def generator_bound(self) -> bool:
        """Whether the server can do more than its figures say."""
        return GENERATOR_BOUND in self.verdict.codes


@dataclass(frozen=True)
class Group:
    """The cases that may be compared, best first, then those without a rank, twins and old versions last.

    Attributes:
        latency: for closed load the cases under equal open load, by server; empty if there are none.
        latency_name: that group's name.
        figure: what its cases are ranked by.
        baseline: the server that the others are multiples of; empty where none is ranked.
        multiples: of that figure, by case id.
    """

    name: str
    entries: tuple[Entry, ...]
    latency: Mapping[str, Entry]
    latency_name: str
    figure: Figure[Any]
    baseline: str
    multiples: Mapping[str, Multiple]

    @property
    def first(self) -> Case:
        """Any of its cases: all share app, scenario and load."""
        return self.entries[0].case

    @property
    def closed(self) -> bool:
        """Whether it measures capacity."""
        return self.first.load.saturates

    @cached_property
    def ranked(self) -> tuple[tuple[Entry, ...], ...]:
        """Those that nobody is surely better than, then those that one is surely better than, and so on."""
        ranks: dict[int, tuple[Entry, ...]] = {}
        for entry in self.entries:
            if entry.rank is not None:
                ranks[entry.rank.rank] = (*ranks.get(entry.rank.rank, ()), entry)
        return tuple(ranks.values())


def groups(suite: Suite, analysis: Analysis, *, old: bool = False) -> tuple[Group, ...]:
    """Closed groups first, in the plan's order; the old version's cases only where they are asked for."""
    deployments = {deployment.name: deployment for deployment in suite.plan.deployments}
    places = {id_: place for place in analysis.ranking for id_ in place.cases}
    order = [id_ for place in analysis.ranking for id_ in place.cases]

    def entry(case: Case) -> Entry:
        return Entry(
            case,
            deployments[case.deployment],
            analysis.summaries[case.id],
            analysis.verdicts[case.id],
            places.get(case.id),
        )

    def key(entry: Entry) -> tuple[bool, bool, int]:
        ranked = entry.case.id in places
        return (
            not entry.deployment.variant.kind.ranked,
            not ranked,
            order.index(entry.case.id) if ranked else 0,
        )

    shown = suite.plan.cases if old else new_version(suite).plan.cases
    entries = {name: tuple(sorted(map(entry, cases), key=key)) for name, cases in grouped(shown).items()}
    opened = {name: members for name, members in entries.items() if not members[0].case.load.saturates}

    def group(name: str, members: tuple[Entry, ...]) -> Group:
        first = members[0].case
        ranked = [member.case for member in members if member.rank is not None]
        figure = ranked_by(analysis, first.load.loop, {case.id for case in ranked})
        wanted = [case for case in ranked if case.server == suite.plan.baseline]
        baseline = next(iter([*wanted, *ranked]), None)
        companion = next((n for n, others in opened.items() if _equal_but_load(others[0].case, first)), "")
        latency = {e.case.server: e for e in opened[companion]} if companion and first.load.saturates else {}
        return Group(
            name,
            members,
            latency,
            companion if latency else "",
            figure,
            baseline.server if baseline else "",
            multiples(analysis, figure, baseline.id) if baseline else {},
        )

    closed = tuple(group(name, members) for name, members in entries.items() if name not in opened)
    return closed + tuple(group(name, members) for name, members in opened.items())


def _equal_but_load(a: Case, b: Case) -> bool:
    return (a.app, a.scenario, a.load.connection) == (b.app, b.scenario, b.load.connection)
