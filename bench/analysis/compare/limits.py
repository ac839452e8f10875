"""`--fail-if`: how much a figure may change before a comparison counts as a regression.

    [SCOPE:] METRIC < -N%      the figure fell by more than N %
    [SCOPE:] METRIC > +N%      the figure rose by more than N %

SCOPE is a server, a scenario, or SERVER/SCENARIO; without it, all of them. A limit is exceeded where the
change is beyond it *and* a claimed difference: noise alone never exceeds a limit. It is not judged where a
figure that it is about couldn't be compared: a gap never passes for an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bench.analysis.figures import names
from bench.model import Analysis, Comparison, Plan, Subject, Uncompared
from bench.model.finding import Finding

_LIMIT = re.compile(
    r"\s*(?:(?P<scope>.*\S)\s*:)?\s*(?P<metric>[\w-]+)\s*(?P<sign>[<>])\s*"
    r"(?P<percent>[+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?)\s*%\s*",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True)
class Limit:
    """How far one figure may go.

    Attributes:
        text: as the user wrote it.
        scope: empty for everything.
        above: whether more than `change` exceeds it, instead of less.
        change: of the figure, as a fraction: -0.05 for -5 %.
    """

    text: str
    scope: str
    metric: str
    above: bool
    change: float

    def covers(self, subject: Subject) -> bool:
        """Whether it is about this case or deployment."""
        pairs = [f"{subject.server}/{scenario}" for scenario in subject.scenarios]
        return self.scope in ("", subject.server, *subject.scenarios, *pairs)

    def exceeded_by(self, change: Comparison) -> bool:
        """Whether a claimed difference is beyond it."""
        moved = change.ratio - 1
        return change.claimed and (moved > self.change if self.above else moved < self.change)


class Compared(Protocol):
    """What limits are held against: two runs compared, or the analysis of one with two versions."""

    @property
    def changes(self) -> tuple[Comparison, ...]: ...

    @property
    def not_compared(self) -> tuple[Uncompared, ...]: ...


@dataclass(frozen=True)
class Gap:
    """A figure that a limit is about and that couldn't be compared."""

    subject: Subject | None
    reason: str


@dataclass(frozen=True)
class Judgement:
    """What became of a limit.

    Attributes:
        state: "exceeded" where any figure is beyond it, else "not judged" where any is missing.
        blind: changes that kept to it although a difference as small as the limit couldn't have been seen.
    """

    limit: Limit
    state: Literal["held", "exceeded", "not judged"]
    exceeding: tuple[Comparison, ...]
    gaps: tuple[Gap, ...]
    blind: tuple[Comparison, ...]

    @property
    def finding(self) -> Finding | None:
        """What it is to whoever asks what the run, or the comparison, ends with."""
        if self.state == "held":
            return None
        if self.state == "exceeded":
            return Finding("limit-exceeded", "failure", self.limit.text)
        return Finding("limit-not-judged", "problem", self.limit.text)


def parse_limits(texts: Sequence[str]) -> tuple[list[Limit], list[str]]:
    """The limits, and what is wrong with the others, one sentence each."""
    read = [_parse(text) for text in texts]
    return [item for item in read if isinstance(item, Limit)], [
        item for item in read if isinstance(item, str)
    ]


def check_scopes(limits: Sequence[Limit], subjects: Sequence[Subject]) -> list[str]:
    """What is wrong with scopes that name nothing of what is, or will be, compared."""
    servers = ", ".join(dict.fromkeys(subject.server for subject in subjects))
    scenarios = ", ".join(dict.fromkeys(name for subject in subjects for name in subject.scenarios))
    return [
        f"--fail-if {limit.text!r}: there is no {limit.scope!r} to compare. Servers are {servers}; "
        f"scenarios are {scenarios}; accepted is one of either, or SERVER/SCENARIO."
        for limit in limits
        if not any(limit.covers(subject) for subject in subjects)
    ]


def subjects_of(compared: Compared) -> tuple[Subject, ...]:
    """Everything that a comparison is about."""
    return (
        *(change.subject for change in compared.changes),
        *(change.subject for change in compared.not_compared),
    )


def judge_limits(limits: Sequence[Limit], compared: Compared) -> tuple[Judgement, ...]:
    """Each limit against all that it is about."""
    return tuple(_judge(limit, compared) for limit in limits)


def judge_plan(plan: Plan, analysis: Analysis) -> tuple[Judgement, ...]:
    """The limits of a run with two versions."""
    return judge_limits(parse_limits(plan.fail_if)[0], analysis)


def _judge(limit: Limit, compared: Compared) -> Judgement:
    changes = [c for c in compared.changes if c.figure == limit.metric and limit.covers(c.subject)]
    gaps = [
        Gap(other.subject, other.reason)
        for other in compared.not_compared
        if limit.metric in other.figures and limit.covers(other.subject)
    ]
    if not changes and not gaps:
        gaps = [Gap(None, f"neither OLD nor NEW has a {limit.metric} of this")]
    exceeding = tuple(change for change in changes if limit.exceeded_by(change))
    blind = tuple(
        change
        for change in changes
        if change not in exceeding and not change.claimed and change.smallest > abs(limit.change)
    )
    state: Literal["held", "exceeded", "not judged"] = "exceeded" if exceeding else "held"
    if gaps and not exceeding:
        state = "not judged"
    return Judgement(limit, state, exceeding, tuple(gaps), blind)


def _parse(text: str) -> Limit | str:
    match = _LIMIT.fullmatch(text)
    accepted = (
        f"accepted is [SCOPE:] METRIC < -N% or METRIC > +N%, where METRIC is one of {', '.join(names())}, "
        f"and SCOPE a server, a scenario or SERVER/SCENARIO: 'gunicorn/mixed: p99 > +10%'"
    )
    if match is None:
        return f"--fail-if {text!r} can't be read: {accepted}."
    change, above = float(match["percent"]) / 100, match["sign"] == ">"
    if match["metric"] not in names():
        return f"--fail-if {text!r}: there is no metric {match['metric']!r}; {accepted}."
    if (change < 0) if above else (change > 0 or change <= -1):
        return (
            f"--fail-if {text!r}: '<' takes -N% (less than 100), '>' takes +N%, so that no change at all is "
            f"within the limit; {accepted}."
        )
    return Limit(text, match["scope"] or "", match["metric"], above, change)
