"""Changes as tables and points, the same for two runs and for two versions in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bench.analysis.claim import verdict
from bench.analysis.compare.limits import Judgement
from bench.analysis.compare.surroundings import Difference
from bench.analysis.figures import named
from bench.model import Comparison, Uncompared
from bench.report.page import Column, Row, Table
from bench.report.units import difference, ratio, ratio_interval, shown
from bench.report.words import group, place
from bench.store.analysis_document import change_to_document

CLAIMS = (
    "A difference is claimed where the test excludes 1 and the ratio is further from 1 than 1 % and than "
    "{twins}; of throughput also than other programs explain, where they had more of a server's CPU in one "
    "than in the other. Everything else is no detectable difference, which isn't proof that there is none: "
    "the last column says what 8 of 10 such runs find."
)
_COLUMNS = (
    Column("Server", numeric=False),
    Column("Figure", numeric=False),
    Column("Old", wide=True),
    Column("New", wide=True),
    Column("New / old"),
    Column("95 % interval"),
    Column("New is", numeric=False),
    Column("Found in 8 of 10"),
)


def tables(changes: Iterable[Comparison]) -> tuple[Table, ...]:
    """A table for each app, scenario and load, with a row for each figure of each server."""
    groups: dict[str, list[Comparison]] = {}
    for change in changes:
        groups.setdefault(group(change.subject), []).append(change)
    return tuple(Table(name, _COLUMNS, tuple(map(_row, members))) for name, members in groups.items())


def gaps(not_compared: Iterable[Uncompared]) -> tuple[str, ...]:
    """What could not be compared, and why."""
    return tuple(f"{place(gap.subject)}, {' and '.join(gap.figures)}: {gap.reason}" for gap in not_compared)


def differing(differences: Iterable[Difference]) -> Table:
    """A table of what differs beside the figures."""
    columns = (Column("What", numeric=False), Column("Old", numeric=False), Column("New", numeric=False))
    return Table(
        "What differs",
        columns,
        tuple(Row((difference.what, difference.old, difference.new)) for difference in differences),
    )


def limits_for_programs(judgements: Sequence[Judgement]) -> list[Mapping[str, Any]]:
    """What became of each limit, as JSON has it."""
    return [
        {
            "limit": judgement.limit.text,
            "state": judgement.state,
            "exceeded_by": [change.subject.id for change in judgement.exceeding],
            "not_judged": [
                {"subject": gap.subject.id if gap.subject else None, "reason": gap.reason}
                for gap in judgement.gaps
            ],
            "too_noisy": [change.subject.id for change in judgement.blind],
        }
        for judgement in judgements
    ]


def changes_for_programs(
    changes: Iterable[Comparison], not_compared: Iterable[Uncompared], judgements: Sequence[Judgement]
) -> Mapping[str, Any]:
    """The members of a JSON object, in SI units."""
    return {
        "changes": [change_to_document(change) for change in changes],
        "not_compared": [asdict(gap) for gap in not_compared],
        "limits": limits_for_programs(judgements),
    }


def _row(change: Comparison) -> Row:
    figure = named(change.figure)
    cells = (
        change.subject.server,
        f"{figure.label}, {figure.unit.label}",
        shown(change.other_value, figure.unit),
        shown(change.value, figure.unit),
        ratio(change.ratio),
        ratio_interval(change.low, change.high),
        verdict(change),
        difference(change.smallest),
    )
    return Row(cells, server=change.subject.server)
