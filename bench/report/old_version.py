"""What changed from the version that `--against` names to this one: a section of the run's page."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.compare.limits import judge_plan
from bench.analysis.compare.surroundings import (
    Difference,
    of_other_programs,
    server_differences,
    servers,
)
from bench.analysis.versions import new_version, old_version
from bench.model import Analysis, Suite
from bench.model.variant import OLD, Source
from bench.report.changes import CLAIMS, differing, gaps, tables
from bench.report.page import Section
from bench.report.results import Group
from bench.report.words import changes_sentence, gaps_sentence, limit_lines, limits_sentence

_INTERLEAVED = (
    "Old and new were measured side by side, in the same blocks, so what changed on the machine changed for "
    "both. Ratios are those of what both reached in the same blocks, summed within each round; Student's t "
    "over rounds (p50: a jackknife over rounds; p95 and p99: the typical ratio of a block, Hodges-Lehmann, "
    "with the signed-rank interval; memory and start: by round). Each has its own 95 % interval; what is "
    "claimed is decided for all figures together (Holm, 5 %). "
)


def sentences(suite: Suite, analysis: Analysis) -> Iterator[str]:
    """What became of the limits, and how much changed; nothing of a run without another version."""
    against = suite.plan.against
    if against is None:
        return
    judged = limits_sentence(judge_plan(suite.plan, analysis))
    if judged is not None:
        yield judged
    yield f"OLD is {name_of(against)}. {changes_sentence(analysis.changes)}"
    missing = gaps_sentence(analysis.not_compared)
    if missing is not None:
        yield missing


def section(suite: Suite, analysis: Analysis, _groups: tuple[Group, ...]) -> Section | None:
    """The limits, every figure old and new, what could not be compared, and settings that differ."""
    if suite.plan.against is None:
        return None
    limits = [line for judgement in judge_plan(suite.plan, analysis) for line in limit_lines(judgement)]
    missing = [f"Not compared: {line}" for line in gaps(analysis.not_compared)]
    differences = _differences(suite)
    return Section(
        "changes",
        "What changed",
        (_INTERLEAVED + CLAIMS.format(twins="this run's twins"),),
        points=(*limits, *missing),
        tables=(*tables(analysis.changes), *([differing(differences)] if differences else [])),
    )


def name_of(against: Source) -> str:
    """The old version, e.g. "main (commit 1a2b3c4d5e6f)"."""
    if against.commit is None:
        return against.asked
    commit = f"commit {against.commit[:12]}"
    return commit if against.commit.startswith(against.asked) else f"{against.asked} ({commit})"


def _differences(suite: Suite) -> tuple[Difference, ...]:
    versions = suite.environment.versions
    packages = (
        Difference(f"version of {name}", versions[OLD.named(name)], version)
        for name, version in sorted(versions.items())
        if OLD.named(name) in versions
    )
    others = of_other_programs(old_version(suite), new_version(suite))
    return (*others, *packages, *server_differences(servers(suite.plan, old=True), servers(suite.plan)))
