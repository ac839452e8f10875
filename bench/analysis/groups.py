"""Which cases may be compared: the same app, scenario and load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.model import Case, Load, Subject


def group_of(case: Case) -> str:
    """The group's name, e.g. "shortly, mixed, closed load of 16 users"."""
    return f"{case.app}, {case.scenario}, {describe(case.load)}"


def describe(load: Load) -> str:
    """A load in words."""
    closing = ", a connection each" if load.connection == "close" else ""
    return f"{load.words()}{closing}"


def grouped(cases: Iterable[Case]) -> Mapping[str, tuple[Case, ...]]:
    """Cases by group, both in the plan's order."""
    groups: dict[str, tuple[Case, ...]] = {}
    for case in cases:
        groups[group_of(case)] = (*groups.get(group_of(case), ()), case)
    return groups


def subject_of(case: Case) -> Subject:
    """A case, as what a figure belongs to."""
    return Subject(case.id, case.server, case.app, (case.scenario,), describe(case.load))
