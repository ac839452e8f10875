"""The old and the new version of one run against each other: what changed, and how sure that is.

Both were measured in the same blocks, so what the machine did to both cancels: ratios are those of
`bench/analysis/pairs.py`, from the same blocks, with Student's t over rounds.
Memory and start are paired by round.
"""

from __future__ import annotations

from bench.analysis.compare.change import changes_between
from bench.analysis.compare.match import ComparedRun
from bench.analysis.versions import new_version, old_version
from bench.model import Comparison, Suite, Uncompared


def compare_versions(suite: Suite) -> tuple[tuple[Comparison, ...], tuple[Uncompared, ...]]:
    """What changed from the version that `Plan.against` names to this one, and what can't be said.

    Nothing of a run without another version, or one that claims nothing.
    """
    if suite.plan.against is None or not suite.plan.claims:
        return (), ()
    return changes_between(
        ComparedRun("OLD", old_version(suite)), ComparedRun("NEW", new_version(suite)), interleaved=True
    )
