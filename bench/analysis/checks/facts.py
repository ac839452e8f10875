"""What the checks of a case look at, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.analysis.measured import Measured
from bench.model import Counts, Failure, Suite, Trial
from bench.model.finding import VERDICTS, Finding

MAX_ERROR_RATE = 0.001
MAX_DROPPED_IN_SMOKE = 0.05


@dataclass(frozen=True)
class CaseFacts:
    """What the checks look at.

    Attributes:
        counts: what became of its requests.
        others: the other cases of its group.
        failures: of this case's deployment.
    """

    suite: Suite
    measured: Measured
    counts: Counts
    others: Sequence[Measured]
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class CaseCheck:
    """One reason why figures may not be used, and how it is found.

    Attributes:
        code: its name in the list of findings.
        text: what was found, and what to do; None if all is well.
    """

    code: str
    text: Callable[[CaseFacts], str | None]

    def finding(self, facts: CaseFacts) -> Finding | None:
        """What it finds; where a run claims nothing, only a failure weighs more than a warning."""
        text = self.text(facts)
        if text is None:
            return None
        severity = VERDICTS[self.code].severity
        return Finding(
            self.code, severity if facts.suite.plan.claims or severity == "failure" else "warning", text
        )


def too_many(facts: CaseFacts, dropped: int) -> bool:
    """Whether these of the dropped requests are too many, by themselves or as the larger part of all."""
    return dropped > _max_dropped(facts) or (flooded(facts) and dropped >= facts.counts.dropped / 2)


def flooded(facts: CaseFacts) -> bool:
    """Whether more was dropped than a hiccup explains."""
    return facts.counts.dropped > _max_dropped(facts)


def _max_dropped(facts: CaseFacts) -> float:
    """How many requests may be dropped; in smoke the hiccup of a busy machine is no news."""
    share = MAX_ERROR_RATE if facts.suite.plan.claims else MAX_DROPPED_IN_SMOKE
    return share * facts.counts.offered


def answers(trial: Trial) -> int:
    """Right ones and wrong ones."""
    return trial.ok + trial.failed
