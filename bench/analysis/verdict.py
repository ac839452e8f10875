"""Whether a case's figures may be used: one small check a reason.

A reason is "code: what was found, and what to do". The smoke profile claims nothing, so there only the
`SERIOUS` checks count: they tell what was answered wrongly, and what was not measured at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.analysis.checks import answers, generator, measurement, processes
from bench.analysis.checks.facts import Check, Facts
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.analysis.outcomes import counts_of
from bench.model import Suite, Verdict

AT_FAULT = frozenset({"failed", "errors"})
"""Codes of the reasons that are the server's own fault."""
NO_RIGHT_ANSWER = "no-right-answer: not one request was answered rightly; read the logs, and measure it again"

SERIOUS: tuple[Check, ...] = (
    answers.failed,
    generator.limits,
    answers.nothing_asked,
    answers.errors,
    answers.overloaded,
    generator.generator_behind,
    answers.balance,
)
STATISTICAL: tuple[Check, ...] = (
    processes.not_pinned,
    processes.restarted,
    measurement.stalled,
    generator.generator,
    measurement.little,
    measurement.slow,
    measurement.drifting,
    measurement.backlog,
    measurement.too_few,
)


def code(reason: str) -> str:
    """The short name of a reason, e.g. "generator-bound"."""
    return reason.split(":", 1)[0]


def judge(suite: Suite, cases: Iterable[Measured]) -> Mapping[str, Verdict]:
    """Run every check that the profile asks for on each case, by id."""
    by_id = {measured.case.id: measured for measured in cases}
    groups = grouped(measured.case for measured in by_id.values())
    others = {
        case.id: [by_id[other.id] for other in group if other is not case]
        for group in groups.values()
        for case in group
    }
    return {id_: _judge(suite, measured, others[id_]) for id_, measured in by_id.items()}


def _judge(suite: Suite, measured: Measured, others: Sequence[Measured]) -> Verdict:
    failures = tuple(f for f in suite.failures if f.deployment == measured.deployment.name)
    facts = Facts(suite, measured, counts_of(measured.trials), others, failures)
    if not measured.trials:
        reasons: tuple[str | None, ...] = (answers.failed(facts) or _not_measured(suite),)
    else:
        # Whoever lacked something was no load: that says all, and the other figures nothing.
        short = generator.limits(facts) is not None
        checks = SERIOUS if short or not suite.plan.claims else SERIOUS + STATISTICAL
        reasons = tuple(check(facts) for check in checks)
    found = tuple(reason for reason in reasons if reason is not None)
    if not found and not facts.counts.ok:
        found = (NO_RIGHT_ANSWER,)
    return Verdict(not found, found)


def _not_measured(suite: Suite) -> str:
    if suite.complete and suite.plan.minutes is not None:
        return (
            f"not-measured: --minutes {suite.plan.minutes:g} were over before its first trial; give it more"
        )
    return "not-measured: the run ended before its first trial"
