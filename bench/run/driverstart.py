"""What starts a run's load driver, beside what its plan gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DriverStart:
    """Arguments and variables of `python -m bench.load.driver`; secrets are in variables alone."""

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


USUAL = DriverStart()
