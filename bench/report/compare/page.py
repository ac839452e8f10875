"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.compare import NO_DIFFERENCE, Change, Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Suite
from bench.report.build import minute
from bench.report.compare.words import group, limit_lines, place
from bench.report.page import Column, Page, Row, Section, Table, sanitised
from bench.report.units import count, megabytes, milliseconds, number, percent, ratio

_COLUMNS = (
    Column("Server", numeric=False),
    Column("Figure", numeric=False),
    Column("Old", wide=True),
    Column("New", wide=True),
    Column("New / old"),
    Column("95 % interval"),
    Column("New is", numeric=False),
    Column("Smallest that could be shown"),
)
_LABELS = {
    "throughput": "throughput, a second",
    "cpu": "CPU, ms a request",
    "p50": "p50, ms",
    "p99": "p99, ms",
    "memory": "peak memory, MB",
    "start": "start, s",
}
_NOT_INTERLEAVED = (
    "The two runs were not interleaved: what changed on the machine between them is in every figure, and no "
    "interval knows of it. Measure both on one machine, one right after the other."
)
_METHOD = (
    "Each run's value is the mean over its rounds, on logarithms; the interval of the ratio is Welch's, from "
    "the spread over the rounds of both runs (percentiles: a jackknife over rounds), and adjusted for the "
    "number of figures (Holm, 5 %). A difference is claimed where the interval excludes 1 and the ratio is "
    "further from 1 than 1 % and than either run's twins. Everything else is no detectable difference, which "
    "isn't proof that there is none: the last column says what would have been seen."
)


def page(found: Changes, judgements: Sequence[Judgement]) -> Page:
    """What all formats for people render."""
    limits = tuple(line for judgement in judgements for line in limit_lines(judgement))
    sections = (
        Section("limits", "Limits", points=limits) if limits else None,
        _changes(found),
        _uncompared(found),
        _surroundings(found),
        Section("method", "Method", (_METHOD,), folded=True),
    )
    return sanitised(
        Page(
            title="What changed between two runs",
            subtitle=f"OLD: {_run(found.old)}; NEW: {_run(found.new)}",
            verdict=tuple(_verdict(found, judgements)),
            sections=tuple(section for section in sections if section is not None),
            servers=tuple(dict.fromkeys(change.subject.server for change in found.changes)),
        )
    )


def _run(suite: Suite) -> str:
    return f"{suite.id}, {suite.plan.profile} profile, on {suite.environment.host}, {minute(suite.started)}"


def _verdict(found: Changes, judgements: Sequence[Judgement]) -> list[str]:
    sentences = []
    if judgements:
        states = [judgement.state for judgement in judgements]
        parts = [f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states))]
        blind = sum(judgement.state == "held" and bool(judgement.blind) for judgement in judgements)
        seen = f"; {blind} held only as far as could be seen" if blind else ""
        sentences.append(f"Of {count(len(states), 'limit')}: {', '.join(parts)}{seen}.")
    claimed = [change for change in found.changes if change.claimed]
    worse = sum(change.verdict in ("slower", "worse") for change in claimed)
    same = len(found.changes) - len(claimed)
    sentences.append(
        f"NEW against OLD, of {count(len(found.changes), 'figure')}: {worse} slower or worse, "
        f"{len(claimed) - worse} faster or better, {same} without a detectable difference."
    )
    if found.uncompared:
        missing = sum(len(one.figures) for one in found.uncompared)
        sentences.append(f"{count(missing, 'figure')} could not be compared.")
    if found.differences:
        sentences.append(
            f"Beside the figures the runs differ in {count(len(found.differences), 'thing')} that may be why."
        )
    return [*sentences, *found.notes]


def _changes(found: Changes) -> Section:
    groups: dict[str, list[Change]] = {}
    for change in found.changes:
        groups.setdefault(group(change.subject), []).append(change)
    tables = tuple(Table(name, _COLUMNS, tuple(map(_row, members))) for name, members in groups.items())
    return Section("changes", "Changes", (_NOT_INTERLEAVED,), tables=tables)


def _row(change: Change) -> Row:
    cells = (
        change.subject.server,
        _LABELS[change.figure],
        _value(change.figure, change.old),
        _value(change.figure, change.new),
        ratio(change.ratio),
        f"{ratio(change.low)} to {ratio(change.high)}",
        change.verdict if change.claimed else NO_DIFFERENCE,
        percent(change.smallest),
    )
    return Row(cells, server=change.subject.server)


def _value(figure: str, value: float) -> str:
    if figure in ("cpu", "p50", "p99"):
        return milliseconds(value)
    return megabytes(round(value)) if figure == "memory" else number(value)


def _uncompared(found: Changes) -> Section | None:
    if not found.uncompared:
        return None
    points = tuple(
        f"{place(one.subject)}, {' and '.join(one.figures)}: {one.reason}" for one in found.uncompared
    )
    return Section("uncompared", "Not compared", points=points)


def _surroundings(found: Changes) -> Section:
    if not found.differences:
        return Section("surroundings", "Machine and settings", ("Nothing that matters differs.",))
    columns = (Column("What", numeric=False), Column("Old", numeric=False), Column("New", numeric=False))
    rows = tuple(Row((one.what, one.old, one.new)) for one in found.differences)
    return Section(
        "surroundings",
        "Machine and settings",
        ("A figure may have changed for any of these.",),
        tables=(Table("What differs", columns, rows),),
    )
