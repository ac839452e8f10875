"""What the figures mean for somebody who has to choose: what the fastest costs, and when another is better.

Every sentence is made from figures of this run, and none is made where they don't carry it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.analysis.figure import Figure
from bench.analysis.figures import COST, MEMORY, named
from bench.analysis.keepalive import NOT_KNOWN, Keeping, by_deployment
from bench.model import Analysis, Comparison, Suite
from bench.report import answer
from bench.report.page import Section
from bench.report.results import Entry, Group
from bench.report.table import workers_x_threads
from bench.report.units import count, listed, percent, ratio, shown, value_of

_MUCH = 1.1
"""From this ratio on a difference in memory, which has no test of its own, is worth a word."""
_CLOSE = 0.9
"""From this share of the first's throughput on the second is weighed against it."""


def section(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """Of the first closed load in which two servers were ranked; without, what an application costs alone."""
    group = next((group for group in groups if group.closed and sum(map(len, group.ranked)) > 1), None)
    alone = tuple(answer.points(suite, analysis, groups))
    if group is None:
        return Section("meaning", "What this means", points=alone) if alone else None
    kept = by_deployment(suite)
    first, second, *_ = (entry for rank in group.ranked for entry in rank)
    points = (
        _costs(suite, group, kept, first),
        _second(analysis, group, kept, first, second),
        *alone,
        _unsaid(suite, analysis),
    )
    return Section("meaning", "What this means", points=points)


def _costs(suite: Suite, group: Group, kept: Mapping[str, Keeping], first: Entry) -> str:
    """What the one with the most throughput takes for it."""
    costs = [f"{_said(MEMORY, first)} of memory at its peak{_least(group, first)}"]
    if (cost := first.summary.figures[COST.key]) is not None:
        costs.append(f"{value_of(cost, COST.unit)} ms of CPU a request")
    how = kept[first.deployment.name].seen
    keeps = ""
    if how == "yes":
        keeps = "; it keeps connections"
    elif how.startswith("no") and how != NOT_KNOWN:
        keeps = "; it closes each connection after its answer"
    shape = f"workers x threads {workers_x_threads(suite, first.deployment)}"
    tied = [entry.case.server for entry in group.ranked[0] if entry is not first]
    leads = "has the most throughput"
    if tied:
        leads = f"had the most throughput of those that tie for first, with {listed(tied)}"
    return f"{first.case.server} {leads}. It takes {listed(costs)}; {shape}{keeps}."


def _least(group: Group, first: Entry) -> str:
    """Who takes the least memory, where that isn't the first."""
    known = [entry for rank in group.ranked for entry in rank if _memory(entry)]
    least = min(known, key=_memory, default=first)
    return "" if least is first else f" (the least: {least.case.server}, {_said(MEMORY, least)})"


def _second(
    analysis: Analysis, group: Group, kept: Mapping[str, Keeping], first: Entry, second: Entry
) -> str:
    """Why one would take the second instead, as far as this run has a reason."""
    name, leader = second.case.server, first.case.server
    reasons = list(_reasons(analysis, group, kept, first, second))
    tied = first.rank is not None and second.rank is not None and first.rank.rank == second.rank.rank
    multiple = group.multiples.get(second.case.id) if group.baseline == leader else None
    others = [] if tied else _tied(analysis, group, second)
    facts = [f"does {ratio(multiple.ratio)} times as much"] if multiple else []
    facts += [f"ties with {listed(others)}"] if others else []
    which = f", which {' and '.join(facts)}," if facts else ""
    if tied:
        how = f"This run can't tell {name}{which} from {leader} by throughput"
        return f"{how}; what speaks for {name}: {listed(reasons)}." if reasons else f"{how}."
    its = f"{'next' if others else 'second'}, {name}{which}"
    if not reasons:
        return f"Nothing that was measured speaks for the {its} over {leader}."
    if multiple is None or multiple.ratio < _CLOSE:
        return f"The {its} is the better choice only where this counts: {listed(reasons)}."
    return f"The {its} is close; what speaks for it: {listed(reasons)}."


def _tied(analysis: Analysis, group: Group, second: Entry) -> list[str]:
    """The servers that this run can't tell from the second by what they are ranked by."""
    names = {entry.case.id: entry.case.server for rank in group.ranked for entry in rank}
    return [
        names[other.id]
        for pair in analysis.comparisons
        if pair.figure == group.figure.name and not pair.claimed
        for this, other in ((pair.subject, pair.other), (pair.other, pair.subject))
        if this.id == second.case.id and other.id in names
    ]


def _reasons(
    analysis: Analysis, group: Group, kept: Mapping[str, Keeping], first: Entry, second: Entry
) -> Iterator[str]:
    if _memory(first) > _MUCH * _memory(second) > 0:
        yield f"less memory ({_said(MEMORY, second)} instead of {_said(MEMORY, first)})"
    if kept[second.deployment.name].seen == "yes" != kept[first.deployment.name].seen:
        yield "it keeps connections open, so that clients open fewer"
    opened = [group.latency.get(entry.case.server) for entry in (first, second)]
    pairs = {(first.case.id, second.case.id), (second.case.id, first.case.id)}
    pairs |= {(a.case.id, b.case.id) for a, b in (opened, opened[::-1]) if a and b}
    for pair in analysis.comparisons:
        if (pair.subject.id, pair.other.id) not in pairs or pair.figure == group.figure.name:
            continue
        better = pair.subject if pair.better else pair.other
        if pair.claimed and better.server == second.case.server:
            yield _claimed(pair)


def _claimed(pair: Comparison) -> str:
    figure = named(pair.figure)
    least, most = sorted((pair.value, pair.other_value))
    label, unit = figure.said_of_servers or figure.label, figure.unit
    if figure.read.order:
        # What is typical may be better where the value isn't.
        times = pair.ratio if pair.better else 1 / pair.ratio
        return f"a better {label} (block by block typically {ratio(times)} times the first's)"
    return f"a better {label} ({shown(least, unit)} {unit.label} instead of {shown(most, unit)})"


def _unsaid(suite: Suite, analysis: Analysis) -> str:
    """What nobody may take from this run."""
    cpus = count(len(suite.environment.cpu_split.server), "CPU")
    finer = (
        f" It easily misses differences below {percent(analysis.detectable)}."
        if analysis.detectable is not None and analysis.detectable < 1
        else ""
    )
    return (
        f"Not said by this run: how they do with other settings than these, with other pages, or with more "
        f"than {cpus} for the server.{finer}"
    )


def _memory(entry: Entry) -> float:
    """Bytes at the peak; 0 where it isn't known."""
    return entry.summary.value(MEMORY.key) or 0.0


def _said(figure: Figure[Any], entry: Entry) -> str:
    return f"{value_of(entry.summary.figures[figure.key], figure.unit)} {figure.unit.label}"
