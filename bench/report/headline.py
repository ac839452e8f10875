"""The verdict at the head of a report: sentences made from figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.analysis.claim import deviation
from bench.analysis.figures import THROUGHPUT, named
from bench.model import Analysis, Suite
from bench.model.finding import GENERATOR_LIMITS
from bench.model.resume_command import resume_command
from bench.report import answer, old_version
from bench.report.multiples import multiples
from bench.report.results import Entry, Group
from bench.report.units import (
    count,
    difference,
    interval,
    listed,
    percent,
    ratio,
    ratio_interval,
    value_of,
)


def headline(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> tuple[str, ...]:
    """The verdict: first whether the run is whole, then what is said of somebody's own application, then a
    sentence a group.
    """
    sentences = [] if suite.complete else [_interrupted(suite)]
    if not suite.plan.claims:
        return (*sentences, _not_a_measurement(suite, groups))
    about_theirs = answer.sentence(suite, analysis, groups)
    return (
        *sentences,
        *([about_theirs] if about_theirs else []),
        *old_version.sentences(suite, analysis),
        *(_sentence(analysis, group) for group in groups),
        *_stalls(suite, analysis, groups),
    )


def detectable(analysis: Analysis) -> str | None:
    """The smallest difference that this run could have shown."""
    if analysis.detectable is None:
        return None
    if analysis.detectable >= 1:
        return "This run was too short or too noisy: even a factor of two in throughput is easily missed."
    smallest = percent(analysis.detectable)
    return f"A difference in throughput of {smallest} between neighbours is found in 8 of 10 such runs."


def twin_line(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> str | None:
    """The harness's own error: a server against itself."""
    twin = analysis.twin
    if twin is None:
        return None
    server = next(e.case.server for group in groups for e in group.entries if e.case.id == twin.subject.id)
    who = f"two identical deployments of {server} differ"
    if suite.plan.runtime == "external":
        who = f"the same server, {server}, measured twice, differs"
    in_what = "" if twin.figure == THROUGHPUT.name else f" in {named(twin.figure).label}"
    return (
        f"Twin: {who}{in_what} by {difference(deviation(twin))} "
        f"(ratio {ratio(twin.ratio)}, {ratio_interval(twin.low, twin.high)}); differences below that "
        f"are the harness's own error."
    )


def _interrupted(suite: Suite) -> str:
    command = resume_command(suite.directory) if suite.directory else "wsgi-bench resume"
    if suite.finished is not None:
        measured = {trial.round for trial in suite.trials}
        return (
            f"The run isn't complete: in {count(suite.plan.rounds - len(measured), 'round')} of "
            f"{suite.plan.rounds} nothing was measured, since every deployment had failed. Once the cause is "
            f"mended, `{command}` continues it."
        )
    return (
        f"The run was interrupted after {count(len(suite.trials), 'trial')}: these are the figures so far. "
        f"`{command}` continues it."
    )


def _not_a_measurement(suite: Suite, groups: tuple[Group, ...]) -> str:
    """Who answered rightly, and of whom of these not everything could be tried."""
    entries: dict[str, list[Entry]] = {}
    for group in groups:
        for entry in group.entries:
            entries.setdefault(entry.case.server, []).append(entry)
    right = [name for name, own in entries.items() if _answered_rightly(own)]
    wrong = [name for name in entries if name not in right]
    others = f"; not so {listed(wrong)}" if wrong else ""
    partly = [f"{name} ({why})" for name in right if (why := _reasons(entries[name]))]
    unsure = f" Not measured under every load: {listed(partly)}; Validity says why." if partly else ""
    return (
        f"Not a measurement: the {suite.plan.profile} profile only shows whether everything works. "
        f"{len(right)} of {count(len(entries), 'server')} answered rightly{others}.{unsure}"
    )


def _answered_rightly(entries: list[Entry]) -> bool:
    """Whether it was asked anything, and is at fault nowhere."""
    findings = [finding for entry in entries for finding in entry.verdict.findings]
    asked = any(entry.summary.counts.ok for entry in entries) or any(
        finding.code == GENERATOR_LIMITS for finding in findings
    )
    return asked and not any(finding.blames_server for finding in findings)


def _reasons(entries: Iterable[Entry]) -> str:
    return ", ".join(dict.fromkeys(code for entry in entries for code in entry.verdict.codes))


def _sentence(analysis: Analysis, group: Group) -> str:
    where = f"{group.name[0].upper()}{group.name[1:]}"
    ranks = group.ranked
    if not ranks:
        return f"{where}: no server has a valid measurement; Validity says why."
    return f"{where}: {_places(analysis, group)}.{_not_ranked(group)}"


def _places(analysis: Analysis, group: Group) -> str:
    ranks = group.ranked
    best = ranks[0]
    figure = _figure(group, best[0])
    if len(best) == 1 and len(ranks) == 1:
        return f"{best[0].case.server}, {figure}; there is no other valid one to compare it with"
    if len(best) == 1:
        return f"{best[0].case.server} is first, at {figure}; {_next(analysis, group, ranks[1][0])}"
    tied = f"{listed(_names(best))} tie"
    if len(ranks) == 1:
        return f"{tied}, {best[0].case.server} at {figure}"
    following = _next(analysis, group, ranks[1][0])
    return f"{tied} for first, {best[0].case.server} at {figure}; {following}"


def _not_ranked(group: Group) -> str:
    """Who is missing from the order, and why; what a generator-bound one did at least."""
    named = [
        f"{entry.case.server} ({_why(group, entry)})"
        for entry in group.entries
        if not entry.verdict.valid and entry.deployment.variant.kind.ranked
    ]
    return f" Not ranked: {listed(named)}." if named else ""


def _why(group: Group, entry: Entry) -> str:
    reasons = _reasons([entry])
    if group.closed and entry.generator_bound:
        return f"{reasons}: at least {value_of(entry.summary.figures[THROUGHPUT.key])} a second"
    return reasons


def _stalls(suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> Iterator[str]:
    """Who stood still more often than the others, a sentence each."""
    for group in groups:
        servers = {entry.case.id: entry.case.server for entry in group.entries}
        of_group = [stalls for stalls in analysis.stalls if stalls.more_often and stalls.case in servers]
        for stalls in of_group:
            yield (
                f"{servers[stalls.case]} stood still or fell behind in {stalls.stalled:,} of its "
                f"{count(stalls.trials, 'trial')} of {suite.plan.trial_s.open:.3g} s, the others in "
                f"{stalls.others_stalled:,} of {stalls.others_trials:,} ({group.name}; counted are trials in "
                f"which five answers or more took over 25 ms and over five of the server's own medians)."
            )


def _names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.case.server for entry in entries]


def _figure(group: Group, entry: Entry) -> str:
    figure = group.figure
    value = entry.summary.figures[figure.key]
    if group.closed:
        return f"{value_of(value)} requests a second ({interval(value)})"
    return f"a {figure.label} of {value_of(value, figure.unit)} {figure.unit.label}"


def _next(analysis: Analysis, group: Group, follower: Entry) -> str:
    """The first of those that others are surely better than, against the best of these."""
    surely = {
        (c.subject.id, c.other.id) if c.better else (c.other.id, c.subject.id)
        for c in analysis.comparisons
        if c.figure == group.figure.name and c.claimed
    }
    leader = next(entry for entry in group.entries if (entry.case.id, follower.case.id) in surely)
    if group.closed:
        times = multiples(analysis, group.figure, follower.case.id)[leader.case.id]
        return f"{leader.case.server} does {times} times as much as {follower.case.server}"
    times = multiples(analysis, group.figure, leader.case.id)[follower.case.id]
    if group.figure.read.order:
        return (
            f"block by block {follower.case.server}'s is typically {times} times that of {leader.case.server}"
        )
    return f"{follower.case.server} takes {times} times as long as {leader.case.server}"
