"""What starts a run's load driver, beside what its plan gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.ask.generators import Asked


@dataclass(frozen=True)
class DriverStart:
    """Arguments and variables of `python -m bench.load.driver`; secrets are in variables alone."""

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


USUAL = DriverStart()


def driver_start(arguments: tuple[str, ...], generators: Asked | None) -> DriverStart:
    """Of a run with these arguments of its own, or with generators of other hosts, which need others."""
    if generators is None:
        return DriverStart(arguments)
    return DriverStart(generators.arguments, generators.variables)
