"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Suite
from bench.report.changes import CLAIMS, differing, gaps, tables
from bench.report.page import Page, Section, sanitised
from bench.report.sections import minute
from bench.report.units import count
from bench.report.words import changes_sentence, gaps_sentence, limit_lines, limits_sentence

_NOT_INTERLEAVED = (
    "The two runs were not interleaved: what changed on the machine between them is in every figure, and no "
    "interval knows of it. Measure both on one machine, one right after the other."
)
_METHOD = (
    "Each run's value is the mean over its rounds, on logarithms; the interval of the ratio is Welch's, from "
    "the spread over the rounds of both runs (p50: a jackknife over rounds; p95 and p99: the typical ratio "
    "of a block of one run and a block of the other, Hodges-Lehmann, with the rank-sum interval). Each has "
    "its own 95 % interval; what is claimed is decided for all figures together (Holm, 5 %). "
) + CLAIMS.format(twins="either run's twins")


def page(changes: Changes, judgements: Sequence[Judgement]) -> Page:
    """What all formats for people render."""
    limits = tuple(line for judgement in judgements for line in limit_lines(judgement))
    sections = (
        Section("limits", "Limits", points=limits) if limits else None,
        Section("changes", "Changes", (_NOT_INTERLEAVED,), tables=tables(changes.changes)),
        _uncompared(changes),
        _surroundings(changes),
        Section("method", "Method", (_METHOD,), folded=True),
    )
    return sanitised(
        Page(
            title="What changed between two runs",
            subtitle=f"OLD: {_run(changes.old)}; NEW: {_run(changes.new)}",
            verdict=tuple(_verdict(changes, judgements)),
            sections=tuple(section for section in sections if section is not None),
            servers=tuple(dict.fromkeys(change.subject.server for change in changes.changes)),
        )
    )


def _run(suite: Suite) -> str:
    return f"{suite.id}, {suite.plan.profile} profile, on {suite.environment.host}, {minute(suite.started)}"


def _verdict(changes: Changes, judgements: Sequence[Judgement]) -> list[str]:
    sentences = [
        limits_sentence(judgements),
        changes_sentence(changes.changes),
        gaps_sentence(changes.not_compared),
    ]
    if changes.differences:
        sentences.append(
            f"Beside the figures the runs differ in {count(len(changes.differences), 'thing')} that may be "
            f"why."
        )
    return [*(sentence for sentence in sentences if sentence is not None), *changes.notes]


def _uncompared(changes: Changes) -> Section | None:
    if not changes.not_compared:
        return None
    return Section("uncompared", "Not compared", points=gaps(changes.not_compared))


def _surroundings(changes: Changes) -> Section:
    if not changes.differences:
        return Section("surroundings", "Machine and settings", ("Nothing that matters differs.",))
    return Section(
        "surroundings",
        "Machine and settings",
        ("A figure may have changed for any of these.",),
        tables=(differing(changes.differences),),
    )
