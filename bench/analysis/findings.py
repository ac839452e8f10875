"""Everything that was found in a run, whichever part of the analysis found it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.compare.limits import judge_plan
from bench.model import Analysis, Suite
from bench.model.finding import Finding


def findings_of(suite: Suite, analysis: Analysis) -> Iterator[Finding]:
    """The findings of a run: what is said against its cases, and what became of its limits."""
    for verdict in analysis.verdicts.values():
        yield from verdict.findings
    for judgement in judge_plan(suite.plan, analysis):
        if judgement.finding is not None:
            yield judgement.finding
