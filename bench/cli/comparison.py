"""Two stored results compared, and held to limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.compare import Changes, compare
from bench.analysis.compare.limits import Judgement, check_scopes, judge_limits, parse_limits, subjects_of
from bench.model import Suite
from bench.model.errors import UsageError
from bench.model.finding import exit_code
from bench.report import text
from bench.report.two_runs import FORMATS
from bench.report.two_runs.page import page
from bench.report.units import plain
from bench.store import load


@dataclass(frozen=True)
class ComparedResults:
    """What a comparison ended with."""

    changes: Changes
    judgements: tuple[Judgement, ...]

    @property
    def exit_code(self) -> int:
        """5 where a limit is exceeded, 4 where one couldn't be judged, else 0."""
        return exit_code(judgement.finding for judgement in self.judgements if judgement.finding)

    def rendered(self, format_name: str, width: int = text.WIDTH) -> str:
        """The comparison in one of the formats, as text for a terminal of that width."""
        if format_name == "text":
            return text.write(page(self.changes, self.judgements), width)
        return FORMATS[format_name](self.changes, self.judgements)


def compare_results(old: Path, new: Path, fail_if: Sequence[str], format_name: str) -> ComparedResults:
    """Compare two results, each a directory or its `result.json`.

    Raises:
        UsageError: with everything that is wrong: limits, format, results, or that they can't be compared.
    """
    limits, problems = parse_limits(fail_if)
    if format_name not in FORMATS:
        problems.append(f"There is no format {format_name!r}. Known are {', '.join(FORMATS)}.")
    suites: list[Suite] = []
    for path in (old, new):
        try:
            suites.append(load(path))
        except UsageError as error:
            problems += error.problems
    if len(suites) == 2:
        try:
            changes = compare(*suites)
            problems += check_scopes(limits, subjects_of(changes))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*map(plain, problems))
    return ComparedResults(changes, judge_limits(limits, changes))
