"""A line a trial, SI units, in the order in which they ran: what every figure is made of.

Counts by name, as errors by kind, are one field: "status=3 timeout=1". What was not measured is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from bench.model import Analysis, Case, Suite, Trial
from bench.report.spreadsheet import lines

_OF_CASE = ("case", "server", "app", "scenario", "load", "users", "rate", "connection")
_ELSEWHERE = ("case", "histograms", "wrong", "generators")
_OF_TRIAL = tuple(field.name for field in fields(Trial) if field.name not in _ELSEWHERE)


def render(suite: Suite, analysis: Analysis) -> str:  # noqa: ARG001
    """The header and all trials."""
    cases = {case.id: case for case in suite.plan.cases}
    return lines((*_OF_CASE, *_OF_TRIAL), (_row(cases[trial.case], trial) for trial in suite.trials))


def _row(case: Case, trial: Trial) -> dict[str, object]:
    load = case.load
    of_case = (
        case.id,
        case.server,
        case.app,
        case.scenario,
        load.model,
        load.at_once,
        load.rate,
        load.connection,
    )
    return {
        **dict(zip(_OF_CASE, of_case, strict=True)),
        **{name: _counts(getattr(trial, name)) for name in _OF_TRIAL},
    }


def _counts(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return " ".join(f"{name}={count:.9g}" for name, count in value.items())
