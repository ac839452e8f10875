"""The page of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.compare import Changes
from bench.analysis.compare.limits import Judgement
from bench.model import Suite
from bench.report.build import minute
from bench.report.changes import CLAIMS, differing, gaps, tables
from bench.report.page import Page, Section, sanitised
from bench.report.units import count
from bench.report.words import changes_sentence, gaps_sentence, limit_lines, limits_sentence

_NOT_INTERLEAVED = (
    "The two runs were not interleaved: what changed on the machine between them is in every figure, and no "
    "interval knows of it. Measure both on one machine, one right after the other."
)
_METHOD = (
    "Each run's value is the mean over its rounds, on logarithms; the interval of the ratio is Welch's, from "
    "the spread over the rounds of both runs (p50: a jackknife over rounds; p95 and p99: the typical ratio "
    "of a block of one run and a block of the other, Hodges-Lehmann, with the rank-sum interval), and "
    "adjusted for the number of figures (Holm, 5 %). "
) + CLAIMS.format(twins="either run's twins")


def page(found: Changes, judgements: Sequence[Judgement]) -> Page:
    """What all formats for people render."""
    limits = tuple(line for judgement in judgements for line in limit_lines(judgement))
    sections = (
        Section("limits", "Limits", points=limits) if limits else None,
        Section("changes", "Changes", (_NOT_INTERLEAVED,), tables=tables(found.changes)),
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
    sentences = [
        limits_sentence(judgements),
        changes_sentence(found.changes),
        gaps_sentence(found.not_compared),
    ]
    if found.differences:
        sentences.append(
            f"Beside the figures the runs differ in {count(len(found.differences), 'thing')} that may be why."
        )
    return [*(sentence for sentence in sentences if sentence is not None), *found.notes]


def _uncompared(found: Changes) -> Section | None:
    if not found.not_compared:
        return None
    return Section("uncompared", "Not compared", points=gaps(found.not_compared))


def _surroundings(found: Changes) -> Section:
    if not found.differences:
        return Section("surroundings", "Machine and settings", ("Nothing that matters differs.",))
    return Section(
        "surroundings",
        "Machine and settings",
        ("A figure may have changed for any of these.",),
        tables=(differing(found.differences),),
    )
