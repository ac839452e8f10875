"""Which cases and deployments of two runs are the same, and why others can't be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic

from bench.analysis.cases import measured
from bench.analysis.figure import Of, Records
from bench.analysis.figures import compared, compared_of_a_deployment
from bench.analysis.groups import describe, subject_of
from bench.analysis.measured import Measured
from bench.analysis.verdict import judge
from bench.model import Case, Deployment, DeploymentRecord, Subject, Suite, Uncompared, Verdict
from bench.model.secrets import digest_in

SAME_RATE = 0.01
"""Open load of two rates that differ by less than this share is the same load."""


@dataclass(frozen=True)
class Pair(Generic[Of]):
    """One case in both runs, valid in both, or one deployment in both, right in both."""

    subject: Subject
    old: Of
    new: Of


class ComparedRun:
    """A run, or a version of one, with what comparing it needs: each is derived when it is first asked for.

    Attributes:
        name: what a reason calls it.
    """

    def __init__(self, name: str, suite: Suite) -> None:
        self.name = name
        self.suite = suite

    @cached_property
    def cases(self) -> tuple[Measured, ...]:
        """The ranked cases: neither twins nor an old version's."""
        return tuple(member for member in self.all_cases if member.deployment.variant.kind.ranked)

    @cached_property
    def all_cases(self) -> tuple[Measured, ...]:
        """Every planned case."""
        return tuple(measured(self.suite).values())

    @cached_property
    def deployments(self) -> tuple[Deployment, ...]:
        """The ranked deployments: neither twins nor old versions."""
        return tuple(
            deployment for deployment in self.suite.plan.deployments if deployment.variant.kind.ranked
        )

    def records(self, deployment: str) -> tuple[DeploymentRecord, ...]:
        """What was recorded of one deployment, a record a round."""
        return tuple(record for record in self.suite.deployments if record.deployment == deployment)

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on every case, by its id."""
        return judge(self.suite, self.all_cases)

    def asks(self, case: Case) -> str:
        """What tells its requests from others of the same name."""
        return digest_in(self.suite.plan.scenarios, case.scenario)

    def invalid(self, member: Measured) -> str | None:
        """Why a case may not be used."""
        reasons = self.verdicts[member.case.id].reasons
        return f"not valid in {self.name}: {'; '.join(reasons)}" if reasons else None

    def at_fault(self, deployment: str) -> str | None:
        """Why nothing of a deployment may be used."""
        for member in self.cases:
            if member.deployment.name == deployment:
                findings = self.verdicts[member.case.id].findings
                reasons = [str(finding) for finding in findings if finding.spoils_costs]
                if reasons:
                    return f"not valid in {self.name}: {'; '.join(reasons)}"
        return None


def have_common_cases(old: ComparedRun, new: ComparedRun) -> bool:
    """Whether there is anything to match, rates aside."""
    return bool(
        {_but_rate(member.case) for member in old.cases} & {_but_rate(member.case) for member in new.cases}
    )


def match_cases(
    old: ComparedRun, new: ComparedRun
) -> tuple[tuple[Pair[Measured], ...], tuple[Uncompared, ...]]:
    """The cases that can be compared, and the others with their reason."""
    pairs: list[Pair[Measured]] = []
    others: list[Uncompared] = []
    unmatched: list[Measured] = []
    left = list(new.cases)
    for before in old.cases:
        after = next((member for member in left if _same(before.case, member.case)), None)
        if after is None:
            unmatched.append(before)
            continue
        left.remove(after)
        reasons = [reason for reason in (old.invalid(before), new.invalid(after)) if reason]
        if old.asks(before.case) != new.asks(after.case):
            reasons.append("other requests were asked")
        if reasons:
            others.append(_uncompared(after, "; ".join(reasons)))
        else:
            pairs.append(Pair(subject_of(after.case), before, after))
    for before in unmatched:
        after = next((member for member in left if _but_rate(member.case) == _but_rate(before.case)), None)
        if after is None:
            others.append(_uncompared(before, f"not in {new.name}"))
            continue
        left.remove(after)
        rates = f"{describe(before.case.load)} in {old.name}, {describe(after.case.load)} in {new.name}"
        others.append(_uncompared(after, f"{rates}: give both the same --rate"))
    others += [_uncompared(after, f"not in {old.name}") for after in left]
    return tuple(pairs), tuple(others)


def match_deployments(
    old: ComparedRun, new: ComparedRun
) -> tuple[tuple[Pair[Records], ...], tuple[Uncompared, ...]]:
    """The deployments whose memory and start can be compared, and the others with their reason."""
    pairs: list[Pair[Records]] = []
    others: list[Uncompared] = []
    both = tuple(figure.name for figure in compared_of_a_deployment())
    after_by_name = {(d.label, d.app.name): d for d in new.deployments}
    for before in old.deployments:
        after = after_by_name.pop((before.label, before.app.name), None)
        if after is None:
            others.append(Uncompared(_of_deployment(before, old), both, f"not in {new.name}"))
            continue
        subject = _of_deployment(after, new)
        reasons = [reason for reason in (old.at_fault(before.name), new.at_fault(after.name)) if reason]
        if not reasons and _asked(old, before.name) != _asked(new, after.name):
            reasons = ["other scenarios or loads were asked of it, which memory depends on"]
        if reasons:
            others.append(Uncompared(subject, both, "; ".join(reasons)))
        else:
            pairs.append(Pair[Records](subject, old.records(before.name), new.records(after.name)))
    others += [
        Uncompared(_of_deployment(deployment, new), both, f"not in {old.name}")
        for deployment in after_by_name.values()
    ]
    return tuple(pairs), tuple(others)


def same_group(a: Case, b: Case) -> bool:
    """Whether two cases of one run differ in their server only."""
    return (a.app, a.scenario, a.load) == (b.app, b.scenario, b.load)


def _of_deployment(deployment: Deployment, run: ComparedRun) -> Subject:
    scenarios = dict.fromkeys(
        member.case.scenario for member in run.cases if member.deployment.name == deployment.name
    )
    return Subject(deployment.name, deployment.label, deployment.app.name, tuple(scenarios), "all its load")


def _asked(run: ComparedRun, deployment: str) -> set[object]:
    return {
        (*_but_rate(member.case)[2:], run.asks(member.case))
        for member in run.cases
        if member.deployment.name == deployment
    }


def _but_rate(case: Case) -> tuple[object, ...]:
    return (case.server, case.app, case.scenario, replace(case.load, rate=None))


def _same(a: Case, b: Case) -> bool:
    rate, other = a.load.rate, b.load.rate
    close = rate == other or (rate and other and abs(rate - other) < SAME_RATE * max(rate, other))
    return bool(close) and _but_rate(a) == _but_rate(b)


def _uncompared(member: Measured, reason: str) -> Uncompared:
    names = tuple(figure.name for figure in compared(member.case.load.loop))
    return Uncompared(subject_of(member.case), names, reason)
