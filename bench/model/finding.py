"""What was found: why a verdict is as it is, what the doctor sees, what became of a limit.

All of them are one kind of value, a `Finding`. `CODES` is the closed list of what can be found, and the only
place that says whose fault it is; `exit_code` is the only place that says what a run ends with.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.model.errors import EXIT_NOT_VALID, EXIT_REGRESSION, EXIT_SERVER_FAILED

Severity = Literal["ok", "unknown", "warning", "problem", "failure"]
Fault = Literal["server", "change", "generator", "machine", "run", "harness"]


@dataclass(frozen=True)
class Code:
    """One row of the closed list.

    Attributes:
        fault: whose fault it is: the server's, the change's from an old version to this one, the load
            generator's, the machine's, the run's as it was asked for (too short, at too high a rate), or a
            bug of the harness.
        severity: how bad it is for a case or a run; a check of the doctor says it each time.
        spoils_costs: whether even what a deployment costs beside its requests says nothing then, since it
            answered wrongly, or not all that it was asked.
    """

    fault: Fault
    severity: Severity = "problem"
    spoils_costs: bool = False


GENERATOR_BOUND = "generator-bound"
GENERATOR_LIMITS = "generator-limits"
NOT_MEASURED = "not-measured"

VERDICTS: dict[str, Code] = {
    "failed": Code("server", "failure", spoils_costs=True),
    NOT_MEASURED: Code("run", spoils_costs=True),
    "no-right-answer": Code("server", spoils_costs=True),
    GENERATOR_LIMITS: Code("generator", "failure"),
    "errors": Code("server", "failure", spoils_costs=True),
    "overloaded": Code("run", spoils_costs=True),
    GENERATOR_BOUND: Code("generator"),
    "balance": Code("harness"),
    "not-pinned": Code("machine"),
    "restarted": Code("server"),
    "out-of-memory": Code("server"),
    "throttled": Code("machine"),
    "stalled": Code("run"),
    "little": Code("generator"),
    "slow-answers": Code("run"),
    "drifting": Code("server"),
    "backlog-overflow": Code("server"),
    "too-few": Code("run"),
}
"""Why the figures of a case may not be used."""

LIMITS: dict[str, Code] = {
    "limit-exceeded": Code("change", "failure"),
    "limit-not-judged": Code("run"),
}
"""What becomes of a limit of `--fail-if` that wasn't held."""

DOCTOR: dict[str, Code] = {
    name: Code("machine")
    for name in (
        *("cpus", "cpu-quota", "governor", "turbo", "other-load", "priority", "steal", "clock-source"),
        *("hardware-counters", "virtualisation", "memory", "swap", "disk", "open-files", "redis-server"),
        *("docker", "cpu-counters", "leftovers", "python-build", "somaxconn", "syn-backlog", "port-range"),
        *("tw-reuse", "timestamps", "time-wait"),
    )
}
"""What the doctor looks at."""

CODES: Mapping[str, Code] = ChainMap(VERDICTS, LIMITS, DOCTOR)
_EXITS: Mapping[Fault, int] = {"server": EXIT_SERVER_FAILED, "change": EXIT_REGRESSION}
_HEAVIEST_FIRST = (EXIT_SERVER_FAILED, EXIT_REGRESSION, EXIT_NOT_VALID)


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: its name in the closed list.
        severity: "failure" is a failed run whatever the profile claims; "problem" makes a run fail or its
            figures invalid; "warning" makes them noisier or less general, or is a problem in a run that
            claims nothing; "unknown" is what can't be seen here.
        text: the fact; of a verdict also what to do about it.
        why: what the fact has to do with measuring; the doctor says it.
        fix: what to do, with a command where there is one; empty where `text` says it, or nothing is to be
            done.
    """

    code: str
    severity: Severity
    text: str
    why: str = ""
    fix: str = ""

    def __post_init__(self) -> None:
        """Refuse a code that isn't in the closed list."""
        if self.code not in CODES:
            raise ValueError(f"{self.code!r} is not in the list of what can be found")

    def __str__(self) -> str:
        """The finding as results, reports and notes have it."""
        return f"{self.code}: {self.text}"

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        return CODES[self.code].fault

    @property
    def spoils_costs(self) -> bool:
        """Whether even what a deployment costs beside its requests says nothing."""
        return CODES[self.code].spoils_costs

    @property
    def blames_server(self) -> bool:
        """Whether a server answered wrongly or failed, not only measured badly."""
        return self.fault == "server" and self.severity == "failure"


def exit_code(findings: Iterable[Finding]) -> int:
    """The exit code of a command with these findings: 0, or what weighs most.

    3 for a server that failed, 5 for a change beyond its limit, 4 for any other failure or problem.
    """
    ends = {
        _EXITS.get(finding.fault, EXIT_NOT_VALID) if finding.severity == "failure" else EXIT_NOT_VALID
        for finding in findings
        if finding.severity in ("failure", "problem")
    }
    return next((code for code in _HEAVIEST_FIRST if code in ends), 0)
