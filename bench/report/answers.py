"""The section that says what was held to be right, and what the answers were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.analysis.answers import by_status, learned, wrong
from bench.analysis.measured import counting
from bench.catalogue.scenarios.learned import in_words
from bench.model import Analysis, Suite, Trial
from bench.report.page import Column, Section, Table
from bench.report.results import Entry, Group
from bench.report.table import row_of
from bench.report.units import listed

_LEARNED = "No scenario says what is right of these pages: it is what the first probes saw."
_COLUMNS = (
    Column("Server", numeric=False),
    Column("Answers by status", numeric=False),
    Column("Wrong answers, as they came", numeric=False),
)


def section(suite: Suite, _analysis: Analysis, groups: tuple[Group, ...]) -> Section | None:
    """What is right of the pages that no scenario knows, and each case's answers by status."""
    tables, counts = [], counting(suite)
    trials = [trial for trial in suite.trials if counts(trial)]
    for group in groups:
        counted = [(entry, *_counted(trials, entry)) for entry in group.entries]
        rows = tuple(
            row_of(entry, (entry.case.server, _in_words(statuses, ", "), _in_words(others, "; ")))
            for entry, statuses, others in counted
            if statuses or others
        )
        if rows:
            tables.append(Table(f"Answers: {group.name}", _COLUMNS, rows))
    points = _right(suite)
    if not (tables or points):
        return None
    # Where each scenario knows what is right, and all was, there is nothing to see.
    folded = not points and not any(trial.wrong for trial in trials)
    lines = (_LEARNED,) if points else ()
    return Section("answers", "Answers", lines, points, tables=tuple(tables), folded=folded)


def _right(suite: Suite) -> tuple[str, ...]:
    """A line for each page that was learned, with the servers that answer so."""
    servers = {case.deployment: case.server for case in suite.plan.cases}
    same: dict[tuple[str, str], list[str]] = {}
    for page in learned(suite):
        same.setdefault((page.request, in_words(page)), []).append(servers[page.deployment])
    return tuple(
        f"{request} of {listed(list(dict.fromkeys(names)))}: right is {words}."
        for (request, words), names in same.items()
    )


def _counted(trials: Iterable[Trial], entry: Entry) -> tuple[Counter[str], Counter[str]]:
    of_case = [trial for trial in trials if trial.case == entry.case.id]
    return by_status(of_case), wrong(of_case)


def _in_words(counts: Counter[str], between: str) -> str:
    return between.join(f"{what}: {number:,}" for what, number in counts.most_common())
