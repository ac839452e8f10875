"""A user's own requests of a stored run: a result has them without secrets, so they are named again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.ask.own import NAMES
from bench.ask.settings import options_of
from bench.model import Plan
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario
from bench.model.secrets import digest


def asked_again(plan: Plan) -> Iterator[str]:
    """The options that name them, as far as the result has their values."""
    if plan.scenarios:
        yield from options_of({name: plan.given[name] for name in NAMES if name in plan.given})


def require_asked(directory: Path, plan: Plan, named: AskedScenario | None) -> None:
    """See that the user has named the requests that the run has asked.

    Raises:
        UsageError: they weren't named but for what the run asked, or are others.
    """
    if named is not None and (named.name not in plan.scenarios or len(plan.scenarios) > 1):
        raise UsageError(f"{directory} asked no requests of {named.name!r} alone. Leave those options out.")
    if named is not None and digest(named) != plan.scenarios[named.name].digest:
        raise UsageError(
            f"{directory} asked other requests than are named now. Name the same, with the same bodies and "
            f"header fields, of which a result holds no values; or start a new run."
        )


def taken(named: AskedScenario | None) -> Mapping[str, AskedScenario]:
    """The scenarios of the plan, from what the user has named."""
    return {} if named is None else {named.name: named}
