"""Checks of the processes: whether they ran where they were to, and lived as long as they were to."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis import confined, recycling
from bench.analysis.checks.facts import CaseFacts
from bench.model import Confined
from bench.model.counted import count


def not_pinned(facts: CaseFacts) -> str | None:
    """Whether server, load generator or Redis may run on CPUs that belong to another."""
    suite, deployment = facts.suite, facts.measured.deployment
    roles: list[tuple[str, Sequence[Confined]]] = [
        ("it", confined.readings(suite, "server", deployment.name)),
        ("the load generator", confined.readings(suite, "generator")),
        ("Redis", confined.readings(suite, "store") if deployment.app.redis else ()),
    ]
    loose = [
        f"{who} may run on {confined.listed_cpus(confined.cpus(unpinned))}, not on "
        f"{confined.listed_cpus(unpinned[0].asked.cpus)} alone"
        for who, readings in roles
        if (unpinned := confined.unpinned(readings))
    ]
    if not loose:
        return None
    return (
        f"{', and '.join(loose)}, so one may have had another's CPU time; a Docker engine that "
        f"may not pin ignores it (rootless: delegate cpuset, or use --runtime local), and a server or an "
        f"application may have pinned itself anew"
    )


def restarted(facts: CaseFacts) -> str | None:
    """Whether processes of the server ended that were to last."""
    deployment = facts.measured.deployment
    records = recycling.records_of(facts.suite, deployment.name)
    ended = recycling.restarts(records) or 0
    if not ended or recycling.oom_kills(records):
        return None
    if recycling.recycles(deployment.server) and not (facts.counts.failed or facts.counts.unfinished):
        return None
    return (
        f"{ended:,} of its processes ended while it was measured ({_rounds(facts)}), and until others came "
        f"it had fewer; read its log in logs/ and mend the cause, or, if a settings file has it replace its "
        f"workers, say so in its command (--max-requests)"
    )


def out_of_memory(facts: CaseFacts) -> str | None:
    """Whether the kernel killed some of them, since there was no more memory for them."""
    killed = recycling.oom_kills(recycling.records_of(facts.suite, facts.measured.deployment.name))
    if not killed:
        return None
    return (
        f"the kernel killed {killed:,} of its processes for want of memory ({_rounds(facts)}); raise its "
        f"limit (--memory), or look for a leak"
    )


def throttled(facts: CaseFacts) -> str | None:
    """Whether a quota held it back that nobody asked for: what the user asked for is what is measured."""
    share = recycling.throttled(facts.suite, facts.measured.deployment.name)
    if not share or facts.suite.plan.limits.cpus is not None:
        return None
    return (
        f"a quota of CPU time held it back for {100 * share:.0f} % of the time that it was measured, which "
        f"this run didn't ask for; lift it, or ask for one yourself (--cpus)"
    )


def _rounds(facts: CaseFacts) -> str:
    records = recycling.records_of(facts.suite, facts.measured.deployment.name)
    rounds = sum(bool(record.restarts or record.oom_kills) for record in records)
    return f"in {rounds} of {count(facts.suite.plan.counted_rounds, 'round')}"
