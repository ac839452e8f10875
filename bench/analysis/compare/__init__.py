"""Two stored runs against each other: what changed, how sure that is, and what can't be said.

The runs were not interleaved, so a change of the machine between them is in every figure, and no interval
holds it. What the intervals do hold is each run's own spread over its rounds (`welch.py`), adjusted for the
number of figures (`bench/analysis/stepdown.py`). Each run's twins count as a margin below which nothing is
claimed, and so does 1 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.analysis.compare.change import changes_between
from bench.analysis.compare.match import ComparedRun, have_common_cases
from bench.analysis.compare.surroundings import (
    Difference,
    differences,
    of_other_programs,
    refuse_the_incomparable,
)
from bench.analysis.versions import new_version
from bench.model import Comparison, Suite, Uncompared
from bench.model.errors import UsageError
from bench.model.resume_command import resume_command
from bench.model.variant import TWIN


@dataclass(frozen=True)
class Changes:
    """Everything that can be said of two runs.

    Attributes:
        notes: what to know before believing it, a sentence each.
    """

    old: Suite
    new: Suite
    changes: tuple[Comparison, ...]
    not_compared: tuple[Uncompared, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def compare(old: Suite, new: Suite) -> Changes:
    """What changed from the old run to the new one.

    Raises:
        UsageError: nothing can be compared: other machines, no common case, a run that claims nothing.
        ResultError: a stored histogram can't be decoded.
    """
    refuse_the_incomparable(old, new)
    before, after = ComparedRun("OLD", new_version(old)), ComparedRun("NEW", new_version(new))
    if not have_common_cases(before, after):
        raise UsageError(
            "OLD and NEW have no case in common (server, app, scenario, load and number of users). Measure "
            "both with the same --servers, --app, --scenarios and --users."
        )
    changes, not_compared = changes_between(before, after, interleaved=False)
    differing = (*of_other_programs(before.suite, after.suite), *differences(old, new))
    return Changes(old, new, changes, not_compared, differing, tuple(_notes(before, after)))


def _notes(old: ComparedRun, new: ComparedRun) -> Iterator[str]:
    # Two runs of one second have one name.
    if (old.suite.id, old.suite.trials[:1]) == (new.suite.id, new.suite.trials[:1]):
        yield f"OLD and NEW are the same run, {old.suite.id}."
    before, after = old.suite.environment.cpu_model, new.suite.environment.cpu_model
    if before != after:
        yield (
            f"OLD was measured on {before}, NEW on {after}: how fast they are is in every figure but memory, "
            f"so nothing else is compared. Measure both on one machine, or both versions in one run "
            f"(wsgi-bench run --against VERSION)."
        )
    for run in (old, new):
        if not run.suite.complete:
            what = "isn't complete" if run.suite.finished else "was interrupted"
            command = resume_command(run.suite.directory or run.name)
            yield f"{run.name} {what}; `{command}` continues it."
        if not any(deployment.variant.kind == TWIN for deployment in run.suite.plan.deployments):
            yield f"{run.name} has no twin: its own error is not known, and taken for 1 %."
