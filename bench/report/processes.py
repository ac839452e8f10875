"""What is said of the processes of a run: what they may use, as it was read, and which of them ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.analysis import confined, recycling
from bench.model import Confined, Confinement, Role, Suite
from bench.model.counted import ranges
from bench.report.units import DASH, count, listed, megabytes, number

_AS_ASKED = " (as asked for; not read)"
_NOT_KNOWN = "not known"


def cpus(suite: Suite) -> str:
    """The CPUs of server, generator and Redis, as read while they ran."""
    if not suite.confined:
        # Results of before, and of runs that ended before anything could be read.
        return " / ".join(_planned(suite, role) for role in confined.ROLES) + _AS_ASKED
    return " / ".join(_shown(suite, role) for role in confined.ROLES)


def limits(suite: Suite) -> str | None:
    """The limits of their memory, and number of processes and threads; None in results of before."""
    if not suite.confined:
        return None
    return " / ".join(_limit(suite, role) for role in confined.ROLES)


def priority(suite: Suite) -> str | None:
    """Before whom they came, as read while they ran; None where nothing was asked for."""
    asked = {one.role for one in suite.confined if one.asked.weight}
    if not asked:
        return None
    return " / ".join(_first(suite, role) if role in asked else _absent(role) for role in confined.ROLES)


def _first(suite: Suite, role: Role) -> str:
    read = [one.read for one in confined.readings(suite, role) if one.read]
    if not read:
        return _NOT_KNOWN
    if all(one.realtime for one in read):
        return "real time"
    weights = [one.weight for one in read]
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights):
        return _NOT_KNOWN
    if max(known) <= 1:
        return "as others (more was asked for)"
    least = f"{number(min(known))} to " if min(known) < max(known) else ""
    return f"{least}{number(max(known))} x"


def lines(suite: Suite) -> Iterator[str]:
    """A sentence for each thing that doesn't hold and that no verdict says, or that nobody could look at."""
    all_read = [reading for role in confined.ROLES for reading in confined.readings(suite, role)]
    if not suite.plan.claims:
        for loose in confined.unpinned(all_read):
            read = loose.read.cpus if loose.read else ()
            yield (
                f"{_name(suite, loose)} may run on {confined.listed_cpus(read)}, not on "
                f"{confined.listed_cpus(loose.asked.cpus)} alone: what it was pinned to doesn't hold."
            )
    yield from _unlimited(suite, all_read)
    # Of one that had ended there was nothing to be seen, from anywhere, and that is said.
    over = {failure.deployment for failure in suite.failures}
    if unread := [one for one in confined.unread(all_read) if one.deployment not in over]:
        yield f"What {_names(suite, unread)} may use isn't known: the processes can't be seen from here."
    yield from _throttled(suite)
    yield from _ended(suite)
    yield from _workers(suite)


def _unlimited(suite: Suite, readings: Iterable[Confined]) -> Iterator[str]:
    said: dict[str, list[Confined]] = {}
    for what, reading in confined.unlimited(readings):
        said.setdefault(_beyond(what, reading), []).append(reading)
    for sentence, who in said.items():
        yield sentence.format(who=_names(suite, who))


def _beyond(what: str, reading: Confined) -> str:
    """A sentence with a place for who it is about."""
    read, asked = reading.read or Confinement(()), reading.asked
    if what == "memory":
        holds = "no limit" if read.memory_bytes is None else f"{megabytes(read.memory_bytes)} MB"
        return f"The memory limit of {megabytes(asked.memory_bytes)} MB doesn't hold for {{who}}: {holds}."
    if what == "processes":
        holds = "no limit" if read.pids is None else f"{read.pids:,}"
        return f"The limit of {asked.pids or 0:,} processes and threads doesn't hold for {{who}}: {holds}."
    return (
        f"The CPU time of {{who}} is cut off at {number(read.quota_cpus)} CPUs by a quota, which stops "
        f"everything for the rest of each period once it is used up."
    )


def _throttled(suite: Suite) -> Iterator[str]:
    """What a quota does that the user asked for: no verdict says it."""
    quota = suite.plan.limits.cpus
    for deployment in suite.plan.deployments if quota is not None else ():
        if share := recycling.throttled(suite, deployment.name):
            yield (
                f"{deployment.name} was held back by --cpus {quota:g} for {100 * share:.0f} % of the time "
                f"that it was measured: its longest times are those of that limit, which stops all for the "
                f"rest of a period of 100 ms once it is used up."
            )


def _ended(suite: Suite) -> Iterator[str]:
    """Of servers whose verdicts don't say it: in smoke, and where their own settings ask for it."""
    for deployment in suite.plan.deployments:
        records = recycling.records_of(suite, deployment.name)
        ended, setting = recycling.restarts(records), recycling.recycles(deployment.server)
        if ended and (setting or not suite.plan.claims):
            asked = f", as its own settings ask for ({setting})" if setting else ""
            killed = recycling.oom_kills(records)
            why = f" ({killed:,} killed by the kernel for want of memory)" if killed else ""
            yield f"{deployment.name}: {ended:,} of its processes ended while it was measured{asked}{why}."
    hidden = [record for record in suite.deployments if record.restarts is None]
    if hidden and suite.confined and suite.plan.runtime != "external":
        names = listed(list(dict.fromkeys(record.deployment for record in hidden)))
        yield f"Whether processes of {names} ended isn't known: they can't be seen from here."


def _workers(suite: Suite) -> Iterator[str]:
    """Where there were more or fewer than was said, or more than can run at once."""
    for deployment in (one for one in suite.plan.deployments if one.variant.kind.ranked):
        seen = {one.workers for one in recycling.records_of(suite, deployment.name) if one.workers}
        told, name = deployment.server.workers, deployment.name
        if told and seen and told not in seen:
            yield f"{name} was to have {count(told, 'worker')}, but {max(seen)} served."
        workers = max(seen, default=told or 0)
        read = confined.cpus(confined.readings(suite, "server", name))
        usable = len(read or suite.environment.cpu_split.server)
        if suite.plan.runtime != "external" and workers > usable > 0:
            yield (
                f"{name} has {count(workers, 'worker')} on {count(usable, 'CPU')}: they take turns, which "
                f"helps only where requests wait for others. --server-cpus gives servers more."
            )


def _planned(suite: Suite, role: Role) -> str:
    split = suite.environment.cpu_split
    if suite.plan.runtime == "external" and role == "server":
        return _NOT_KNOWN
    return _cpus({"server": split.server, "generator": split.generator, "store": split.store}[role])


def _shown(suite: Suite, role: Role) -> str:
    readings = confined.readings(suite, role)
    if not readings:
        return _absent(role)
    read = confined.cpus(readings)
    if not read:
        return _NOT_KNOWN
    loose = confined.unpinned(readings)
    return _cpus(read) + (f" (asked for: {_cpus(loose[0].asked.cpus)})" if loose else "")


def _limit(suite: Suite, role: Role) -> str:
    read = [reading.read for reading in confined.readings(suite, role) if reading.read]
    if not read:
        return _absent(role) if not confined.readings(suite, role) else _NOT_KNOWN
    memory, pids = [limits.memory_bytes for limits in read], [limits.pids for limits in read]
    parts = [
        *([] if None in memory else [f"{megabytes(max(filter(None, memory)))} MB"]),
        *([] if None in pids else [count(max(filter(None, pids)), "task")]),
    ]
    return ", ".join(parts) or "no limit"


def _absent(role: Role) -> str:
    """Of what the harness has not started."""
    return _NOT_KNOWN if role == "server" else DASH


def _cpus(numbers: Iterable[int]) -> str:
    return ranges(numbers) or "any"


def _names(suite: Suite, readings: Iterable[Confined]) -> str:
    return listed(list(dict.fromkeys(_name(suite, reading) for reading in readings)))


def _name(suite: Suite, reading: Confined) -> str:
    if reading.role != "server":
        return {"generator": "the load generator", "store": "Redis"}[reading.role]
    servers = {case.deployment: case.server for case in suite.plan.cases}
    return servers.get(reading.deployment, reading.deployment)
