"""The sections that say what was found, and how far to believe it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.answers import unlike
from bench.analysis.figures import named
from bench.analysis.keepalive import by_deployment
from bench.analysis.outcomes import NOT_ACCOUNTED, SENT_AGAIN, kinds, not_accounted
from bench.analysis.unseen import unseen
from bench.model import Analysis, Comparison, DeploymentRecord, Failure, Suite
from bench.model.variant import TWIN
from bench.plan.said import undecided
from bench.report import (
    ageing,
    answer,
    disturbance,
    generators,
    how_known,
    late_warm_up,
    processes,
    users,
)
from bench.report.headline import detectable, twin_line
from bench.report.page import Column, Listing, Row, Section, Table
from bench.report.results import Entry, Group, groups
from bench.report.table import row_of, table
from bench.report.units import count, number, percent, ratio, ratio_interval

MAX_IDLE_CPU = 0.005
_MUCH_EARLY = 0.01
"""From this share of all requests on it is said that they were answered before they were sent whole."""


def results(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section:
    """The ranked tables."""
    return Section("results", "Results", tables=tuple(table(suite, group) for group in groups))


def validity(suite: Suite, analysis: Analysis, shown: tuple[Group, ...]) -> Section:
    """What may not be used and why, and the harness's own error."""
    points = tuple(
        f"{entry.case.server} ({group.name}): {reason}"
        for group in groups(suite, analysis, old=True)
        for entry in group.entries
        for reason in entry.verdict.reasons
    )
    valid = sum(verdict.valid for verdict in analysis.verdicts.values())
    in_words = "valid" if suite.plan.claims else "worked; how well, this profile doesn't say"
    lines = [f"{valid} of {count(len(analysis.verdicts), 'case')} {in_words}."]
    lines += [line for line in (twin_line(suite, analysis, shown), detectable(analysis)) if line is not None]
    if suite.plan.claims and analysis.twin is None:
        twins = any(deployment.variant.kind == TWIN for deployment in suite.plan.deployments)
        why = "The twin has no valid measurement" if twins else "No twin was measured"
        lines.append(f"{why}: the harness's own error is not known.")
    lines += users.lines(suite)
    for say in (generators.lines, generators.lost, generators.mixed, generators.idle):
        lines += say(suite)
    lines += how_known.lines(suite, analysis)
    lines += undecided(suite.plan)
    lines += answer.left_out(suite)
    lines += unseen(suite)
    lines += processes.lines(suite)
    lines += _connections(suite, analysis)
    lines += [_busy(record) for record in suite.deployments if (record.idle_cpu or 0) > MAX_IDLE_CPU]
    lines += _killed(suite)
    lines += unlike(suite)
    lines += ageing.lines(suite)
    lines += late_warm_up.lines(suite)
    lines += disturbance.lines(suite)
    lines += disturbance.gaps(suite)
    return Section("validity", "Validity", tuple(lines), points)


def _connections(suite: Suite, analysis: Analysis) -> Iterator[str]:
    """What each server does to kept connections, where that isn't what it says."""
    apps = {deployment.app.name for deployment in suite.plan.deployments}
    for deployment, kept in by_deployment(suite).items():
        name = deployment if len(apps) > 1 else deployment.removesuffix(f".{next(iter(apps))}")
        counts = [
            analysis.summaries[case.id].counts for case in suite.plan.cases if case.deployment == deployment
        ]
        again = sum(of_case.sent_again for of_case in counts)
        offered = sum(of_case.offered for of_case in counts)
        early = _early(suite, deployment)
        if early > _MUCH_EARLY * offered:
            yield (
                f"{name} answered {count(early, 'request')} before they were sent whole. They count, since "
                f"the answers are right, but a client that sends all before it reads, as Python's "
                f"http.client, may see them fail; an application that reads what it is sent avoids that."
            )
        if kept.silent:
            yield (
                f"{name} closes each connection after its answer without saying so: a client that keeps "
                f"connections finds them gone, and would have to send its request again. Once the "
                f"generator had seen that, it opened a new connection for each request."
            )
        elif again:
            yield (
                f"{name} closed kept connections without saying so: {count(again, 'request')} of {offered:,} "
                f"had to be sent again on a new one. They are no errors, but a client that doesn't try again "
                f"would see them fail."
            )
        if kept.contradicted:
            documented = "keeps connections open" if kept.claimed else "closes each connection"
            yield (
                f"{name} {documented} by its documentation, but was seen to open {number(kept.per_answer)} "
                f"connections an answer."
            )


def _early(suite: Suite, deployment: str) -> int:
    cases = {case.id for case in suite.plan.cases if case.deployment == deployment}
    return sum(trial.early for trial in suite.trials if trial.case in cases)


def _busy(record: DeploymentRecord) -> str:
    return (
        f"{record.deployment} used {record.idle_cpu:.1%} of a CPU while nothing was asked of it, which the "
        f"others had to do without: compare it with fewer servers at a time."
    )


def _killed(suite: Suite) -> Iterator[str]:
    """Who didn't end within its grace when a round was over."""
    for deployment in suite.plan.deployments:
        records = [record for record in suite.deployments if record.deployment == deployment.name]
        killed = sum(record.stopped_cleanly is False for record in records)
        if killed:
            server = deployment.server
            yield (
                f"{deployment.name} had to be killed at the end of {killed} of "
                f"{count(len(records), 'round')}: it hadn't ended {server.stop_grace_s:g} s after "
                f"{server.stop_signal}. A restart of it takes so long, and breaks off what is under way."
            )


def failures(suite: Suite, _analysis: Analysis, _groups: tuple[Group, ...]) -> Section | None:
    """What could not be measured, with the server's last words."""
    if not suite.failures:
        return None
    return Section(
        "failures",
        "Failures",
        listings=tuple(
            Listing(
                f"{failure.deployment}, round {failure.round}, phase {failure.phase}: {failure.reason}",
                failure.log or (_without_log(suite, failure),),
            )
            for failure in suite.failures
        ),
    )


def _without_log(suite: Suite, failure: Failure) -> str:
    for deployment in suite.plan.deployments:
        if suite.plan.runtime == "external" and deployment.name == failure.deployment:
            return f"(it was asked at {deployment.server.environment.get('URL')}; what it prints isn't read)"
    return "(the server printed nothing)"


def pairs(_suite: Suite, analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """Every comparison."""
    groups_of = {entry.case.id: group for group in groups for entry in group.entries}
    columns = (
        Column("A", numeric=False),
        Column("B", numeric=False),
        Column("Metric", numeric=False),
        Column("A / B"),
        Column("95 % interval"),
        Column("A is", numeric=False),
    )
    tables = []
    for group in groups:
        rows = tuple(_pair(c) for c in analysis.comparisons if groups_of[c.subject.id] is group)
        if rows:
            tables.append(Table(group.name, columns, rows))
    if not tables:
        return None
    return Section("pairs", "Every pair", (_PAIRS_NOTE,), tables=tuple(tables), folded=True)


def _pair(pair: Comparison) -> Row:
    figure = named(pair.figure)
    return Row(
        (
            pair.subject.server,
            pair.other.server,
            figure.said_of_servers or figure.label,
            ratio(pair.ratio),
            ratio_interval(pair.low, pair.high),
            "tie" if pair.better is None else figure.word(pair.better, servers=True),
        )
    )


_PAIRS_NOTE = (
    "Ratios of what both reached in the blocks in which both were measured, summed within each round; "
    "Student's t over rounds (p50: a jackknife over rounds; p95 and p99: the typical ratio of a block, "
    "Hodges-Lehmann, with the signed-rank interval). Each pair has its own 95 % interval; the word is "
    "decided for all pairs together (Shaffer, 5 %). 'tie': that test can't tell the ratio from 1, or it is "
    "nearer to 1 than 1 % or the twin's. 'not determined': the ends of the interval are a factor of 100 "
    "apart."
)


def errors(suite: Suite, analysis: Analysis, _groups: tuple[Group, ...]) -> Section | None:
    """Requests that were not answered rightly, and those that were sent again, by kind."""
    if not suite.trials:
        return None
    columns = (
        Column("Server", numeric=False),
        Column("Kind", numeric=False),
        Column("Requests"),
        Column("Share"),
    )
    tables = []
    for group in groups(suite, analysis, old=True):
        rows = tuple(row for entry in group.entries for row in _kinds(entry))
        if rows:
            tables.append(Table(f"Errors: {group.name}", columns, rows))
    if tables:
        line = _ERRORS_NOTE
    else:
        right = sum(summary.counts.ok for summary in analysis.summaries.values())
        again = "none of them at a second try" if suite.plan.locust is None else _NOT_SEEN
        line = f"All {count(right, 'request')} were answered rightly, {again}."
    return Section("errors", "Errors by kind", (line,), tables=tuple(tables))


def _kinds(entry: Entry) -> list[Row]:
    counts = entry.summary.counts
    beside = ((SENT_AGAIN, counts.sent_again), (NOT_ACCOUNTED, not_accounted(counts)))
    return [
        row_of(
            entry,
            (
                entry.case.server,
                kind,
                f"{number:,}",
                percent(number / counts.offered if counts.offered else None),
            ),
        )
        for kind, number in (*kinds(counts), *beside)
        if number
    ]


_NOT_SEEN = "some of them perhaps at a second try, which locust's client makes without a word"
_ERRORS_NOTE = (
    "Shares of the requests offered; those of one server sum to its Errors. What was sent again is no error: "
    "the server had closed the kept connection without a word, and the request went out again on a new one."
)
