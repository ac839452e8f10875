"""What differs between two runs beside their figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from bench.analysis import other_programs
from bench.analysis.keepalive import NOT_KNOWN
from bench.model import Environment, Plan, Server, Suite
from bench.model.counted import ranges
from bench.model.errors import UsageError
from bench.model.variant import KINDS, OLD

ABSENT = "none"
_DIGITS = 12


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in both runs, and may be why a figure changed."""

    what: str
    old: str
    new: str


class Surroundings(Protocol):
    """What a run stands in: a suite has it, and what is known of one without its trials."""

    @property
    def environment(self) -> Environment: ...

    @property
    def plan(self) -> Plan: ...


def refuse_the_incomparable(old: Suite, new: Suite) -> None:
    """Stop where no figure of one run says anything of the other.

    Raises:
        UsageError: with every reason.
    """
    problems = []
    if old.schema_version != new.schema_version:
        problems.append(
            f"OLD has schema_version {old.schema_version}, NEW {new.schema_version}: their figures "
            f"don't mean the same. Measure both with one version of wsgi-bench."
        )
    for name, suite in (("OLD", old), ("NEW", new)):
        if not suite.plan.claims:
            problems.append(
                f"{name} is a run of the {suite.plan.profile} profile, which is no measurement. "
                f"Measure both with --profile standard."
            )
    a, b = old.environment, new.environment
    if a.cpu_model != b.cpu_model and a.cpus != b.cpus:
        problems.append(
            f"OLD was measured on {a.cpus} x {a.cpu_model}, NEW on {b.cpus} x {b.cpu_model}: figures of "
            f"different machines say nothing of each other. Measure both on one machine."
        )
    if problems:
        raise UsageError(*problems)


def differences(old: Surroundings, new: Surroundings) -> tuple[Difference, ...]:
    """Every difference that may be why a figure changed, those of the machine first."""
    changed = [
        *_of(_machine(old.environment), _machine(new.environment)),
        *_of(_method(old.plan), _method(new.plan)),
        *_of(_versions(old.environment), _versions(new.environment), "version of "),
        *_images(old.environment.images, new.environment.images),
    ]
    changed += server_differences(servers(old.plan), servers(new.plan))
    return (*changed, *_of(_apps(old.plan), _apps(new.plan), "app "))


def server_differences(old: Mapping[str, Server], new: Mapping[str, Server]) -> tuple[Difference, ...]:
    """What differs in the settings of the servers that both have."""
    return tuple(
        difference
        for name in old
        if name in new
        for difference in _of(_settings(old[name]), _settings(new[name]), f"{name}, ")
    )


def of_other_programs(old: Suite, new: Suite) -> tuple[Difference, ...]:
    """What others used of the CPUs of servers that both have, where that may be why throughput changed."""
    before, after = other_programs.used(old), other_programs.used(new)
    return tuple(
        Difference(f"{name}, share of its CPU that others used", f"{before[name]:.0%}", f"{after[name]:.0%}")
        for name in before
        if name in after and other_programs.off_by(*sorted((before[name], after[name]))) > 0
    )


def servers(plan: Plan, *, old: bool = False) -> Mapping[str, Server]:
    """The servers of this version, or of the old one, by name."""
    return {d.server.name: d.server for d in plan.deployments if (d.variant.kind == OLD) == old}


def _of(old: Mapping[str, str], new: Mapping[str, str], of: str = "") -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name, ABSENT), new.get(name, ABSENT)
        if before != after:
            yield Difference(f"{of}{name}", before, after)


def _machine(environment: Environment) -> Mapping[str, str]:
    split = environment.cpu_split
    return {
        "host": environment.host,
        "CPU": environment.cpu_model,
        "CPUs": str(environment.cpus),
        "CPUs of server / generator / Redis": " / ".join(
            ranges(cpus) or "any" for cpus in (split.server, split.generator, split.store)
        ),
        "system": environment.os,
        "kernel": environment.kernel,
        "Python": environment.python,
        "runtime": environment.runtime,
        "Docker": environment.docker or ABSENT,
    }


def _versions(environment: Environment) -> Mapping[str, str]:
    """Without those of a version that was measured beside this one."""
    return _own(environment.versions)


def _own(versions: Mapping[str, str]) -> Mapping[str, str]:
    """Without what is of another source than this checkout."""
    others = {kind.named(name) for kind in KINDS.values() for name in versions}
    return {name: value for name, value in versions.items() if name not in others}


def _images(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    """Images that both runs have, with another content."""
    both = [name for name in _own(old) if name in new]
    return _of(
        {name: _short(old[name]) for name in both}, {name: _short(new[name]) for name in both}, "image of "
    )


def _short(digest: str) -> str:
    """As much of a digest as people tell images apart by."""
    return digest.removeprefix("sha256:")[:_DIGITS]


def _method(plan: Plan) -> Mapping[str, str]:
    file = plan.locust
    return {
        "profile": plan.profile,
        "closed trial": f"{plan.trial_s.closed:g} s",
        "open trial": f"{plan.trial_s.open:g} s",
        "warm-up": f"{plan.warmup_s:g} s",
        "users": str(plan.users),
        "load generator": f"{plan.client}, processes: {plan.processes}",
        "locust file": f"sha256 {_short(file.sha256)}, locust {file.version}" if file else ABSENT,
        "priority": "before other programs, where permitted" if plan.priority else "as other programs",
    }


def _settings(server: Server) -> Mapping[str, str]:
    words = (f"{name}={shlex.quote(value)}" for name, value in sorted(server.environment.items()))
    return {
        "command": shlex.join(server.command) or ABSENT,
        "environment": " ".join(words) or ABSENT,
        "workers x threads": f"{server.workers} x {server.threads}" if server.workers else NOT_KNOWN,
    }


def _apps(plan: Plan) -> Mapping[str, str]:
    return {d.app.name: f"{d.app.callable}, {shlex.join(d.app.seed) or 'no seed'}" for d in plan.deployments}
