"""Whether a case's figures may be used: one small check a reason.

The smoke profile claims nothing, so there only the `SERIOUS` checks count: they tell what was answered
wrongly, and what was not measured at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bench.analysis.checks import answers, generator, measurement, processes
from bench.analysis.checks.facts import CaseCheck, CaseFacts
from bench.analysis.groups import grouped
from bench.analysis.measured import Measured
from bench.analysis.outcomes import counts_of
from bench.model import Suite, Verdict
from bench.model.finding import GENERATOR_BOUND, GENERATOR_LIMITS, NOT_MEASURED, Finding

_FAILED = CaseCheck("failed", answers.failed)
_LIMITS = CaseCheck(GENERATOR_LIMITS, generator.limits)

WITHOUT_TRIALS: tuple[CaseCheck, ...] = (
    _FAILED,
    CaseCheck("overloaded", answers.beyond),
    CaseCheck(NOT_MEASURED, answers.never_tried),
)
"""The first that finds something says all."""
SERIOUS: tuple[CaseCheck, ...] = (
    _FAILED,
    _LIMITS,
    CaseCheck(NOT_MEASURED, answers.nothing_asked),
    CaseCheck("errors", answers.errors),
    CaseCheck("errors", answers.logins),
    CaseCheck("errors", answers.unserved),
    CaseCheck("overloaded", answers.overloaded),
    CaseCheck(GENERATOR_BOUND, generator.generator_behind),
    CaseCheck("balance", answers.balance),
)
STATISTICAL: tuple[CaseCheck, ...] = (
    CaseCheck("not-pinned", processes.not_pinned),
    CaseCheck("restarted", processes.restarted),
    CaseCheck("out-of-memory", processes.out_of_memory),
    CaseCheck("throttled", processes.throttled),
    CaseCheck("stalled", measurement.stalled),
    CaseCheck(GENERATOR_BOUND, generator.generator),
    CaseCheck("little", measurement.little),
    CaseCheck("slow-answers", measurement.slow),
    CaseCheck("drifting", measurement.drifting),
    CaseCheck("backlog-overflow", measurement.backlog),
    CaseCheck("too-few", measurement.too_few),
)
LAST: tuple[CaseCheck, ...] = (CaseCheck("no-right-answer", answers.nothing_right),)
"""What is said where nothing else was found."""


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
    facts = CaseFacts(suite, measured, counts_of(measured.trials), others, failures)
    if not measured.trials:
        return Verdict(_findings(WITHOUT_TRIALS, facts)[:1])
    # Whoever lacked something was no load: that says all, and the other figures nothing.
    short = _LIMITS.text(facts) is not None
    checks = SERIOUS if short or not suite.plan.claims else SERIOUS + STATISTICAL
    return Verdict(_findings(checks, facts) or _findings(LAST, facts))


def _findings(checks: Iterable[CaseCheck], facts: CaseFacts) -> tuple[Finding, ...]:
    return tuple(finding for check in checks if (finding := check.finding(facts)) is not None)
