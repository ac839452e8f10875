"""Every failure the harness can name, with the exit code it ends in.

A message says what happened, why, and what to do about it.
"""

from __future__ import annotations


class BenchError(Exception):
    """The harness failed: a bug, or the machine."""

    exit_code = 1


class UsageError(BenchError):
    """The command or configuration is wrong. Nothing was started.

    Args:
        problems: every problem found, one sentence each.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class ResultError(UsageError):
    """A stored result can't be read: torn, malformed, or of an unknown version."""


class EngineError(BenchError):
    """The Docker engine is absent, or died while it was needed."""


class StoreError(BenchError):
    """Redis couldn't be started or reached."""


class DriverError(BenchError):
    """The load driver ended, or said something that isn't in its protocol."""


class TimeIsUp(BenchError):
    """`--minutes` are over while a trial goes on. What was measured before is saved."""


class MachineError(BenchError):
    """The machine refused something: disk full, no free port, too few file descriptors."""


class Interrupted(BenchError):
    """SIGINT or SIGTERM arrived. What was measured is saved."""

    exit_code = 130


EXIT_SERVER_FAILED = 3
EXIT_NOT_VALID = 4
EXIT_REGRESSION = 5
EXIT_WORDS = {
    EXIT_SERVER_FAILED: "exit code 3: a server failed, or answered wrongly; Validity says which and why.",
    EXIT_NOT_VALID: "exit code 4: not every case is valid; Validity says which and why.",
}
"""What a run ends with, for those who see no more of the code than that there was an error."""
