"""The layout of a run: a plan with every deployment and case, made of what was asked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.catalogue.scenarios.request import Scenario
from bench.model import (
    MODELS,
    TIMEOUT_S,
    App,
    Case,
    Client,
    Connection,
    Deployment,
    Generators,
    Load,
    LocustFile,
    Plan,
    Server,
    TrialLength,
    Users,
)
from bench.model.surroundings import NO_LIMITS, Limits
from bench.model.variant import ITSELF, OLD, THIS_CHECKOUT, TWIN, Source, Variant
from bench.plan.duration import expected_s
from bench.plan.lengths import for_minutes
from bench.plan.more_rounds import going_on
from bench.plan.size import require_room
from bench.plan.users import of_users

CONNECTIONS = ("as-is", "close")
CLIENTS = ("loop", "fasthttp")
"""Those that can be asked for by name; a locust file brings its own."""


@dataclass(frozen=True)
class Profile:
    """How much is measured.

    Attributes:
        scenarios: names, in the order of the report. The first is measured with every load, the others with
            `users[0]` connections as they come and the common rate.
        users, connections: of closed load; other connections than the first are tried with `users[0]` only.
        shares: of each server's own capacity, at which open load is offered beside the common rate.
        rounds_in_containers: instead of `rounds`, since containers take longer to start; None for the same.
        closed_each_open: blocks of closed load for each one of open load.
        claims: whether the report ranks; the smoke profile's doesn't.
        twin: whether the first server is deployed twice.
    """

    name: str
    scenarios: tuple[str, ...]
    rounds: int
    blocks: int
    trial_s: TrialLength
    warmup_s: float
    users: tuple[int, ...]
    connections: tuple[Connection, ...]
    claims: bool
    twin: bool
    shares: tuple[float, ...] = ()
    rounds_in_containers: int | None = None
    closed_each_open: int = 10


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "smoke",
            ("mixed", "hello"),
            rounds=1,
            blocks=3,
            trial_s=TrialLength(0.1, 0.5),
            warmup_s=0.1,
            users=(16,),
            connections=("as-is",),
            claims=False,
            twin=False,
        ),
        Profile(
            "standard",
            ("mixed",),
            rounds=10,
            blocks=26,
            trial_s=TrialLength(0.05, 0.8),
            warmup_s=0.2,
            users=(16,),
            connections=("as-is",),
            claims=True,
            twin=True,
            rounds_in_containers=8,
            closed_each_open=13,
        ),
        Profile(
            "full",
            ("mixed", "follow", "details", "shorten", "static"),
            rounds=12,
            blocks=50,
            trial_s=TrialLength(0.1, 2.0),
            warmup_s=0.5,
            users=(16, 1, 4, 64),
            connections=("as-is", "close"),
            claims=True,
            twin=True,
            shares=(0.5, 0.8),
        ),
    )
}


def make_plan(
    profile: Profile,
    runtime: str,
    servers: Sequence[Server],
    combinations: Sequence[tuple[App, Scenario]],
    *,
    seed: int,
    rate: float | None,
    baseline: str | None = None,
    processes: int = 1,
    client: Client = "loop",
    against: Source | None = None,
    old_servers: Sequence[Server] = (),
    fail_if: tuple[str, ...] = (),
    minutes: float | None = None,
    until: float | None = None,
    most_rounds: int | None = None,
    adapts: bool = True,
    timeout_s: float = TIMEOUT_S,
    priority: bool = False,
    server_cpus: int | None = None,
    limits: Limits = NO_LIMITS,
    given: Mapping[str, Any] | None = None,
    locust: LocustFile | None = None,
    generators: Generators | None = None,
    redis: str | None = None,
) -> Plan:
    """Lay out every deployment and case.

    Args:
        combinations: each app with a scenario that it is measured with.
        rate: open rate for all cases; None to have the pilot find it.
        baseline: the server that the report has the others as multiples of; None for the first in rank.
        processes: of the load generator.
        timeout_s: how long one request may take.
        old_servers: those of `servers` that the version `against` has, as it has them.
        minutes: the time that the run may take.
        until: `Plan.until`.
        most_rounds: that it may take to get there, if the user gave it.
        adapts: whether rounds and blocks are the profile's, and not the user's own.
        priority, server_cpus, limits: see `Plan`.
        given: see `Plan`; which runtime it became is added.
        locust: the file whose users make the load.
        generators, redis: see `Plan`.

    Raises:
        UsageError: a result has no room for so many trials.
    """
    if locust is not None:
        profile = of_users(profile, given or {})
    apps = list({app.name: app for app, _ in combinations}.values())
    asked = {scenario.name: scenario.asked for _, scenario in combinations if scenario.asked is not None}
    deployments = _deployments(_variants(servers, old_servers, against, twin=profile.twin), apps)
    cases = tuple(
        case_of(deployment, scenario, load)
        for number, (app, scenario) in enumerate(combinations)
        for load in (
            _loads(profile, rate, every=number == 0) if locust is None else [Users(profile.users[0])]
        )
        for deployment in deployments
        if deployment.app.name == app.name
    )
    plan = Plan(
        profile=profile.name,
        runtime=runtime,
        seed=seed,
        rounds=_rounds(profile, runtime, given or {}),
        blocks=profile.blocks,
        open_blocks=max(1, round(profile.blocks / profile.closed_each_open)),
        trial_s=profile.trial_s,
        warmup_s=profile.warmup_s,
        users=profile.users[0],
        rate=rate,
        baseline=baseline,
        claims=profile.claims,
        deployments=deployments,
        cases=cases,
        expected_s=0.0,
        processes=processes,
        generators=generators,
        redis=redis,
        client=client,
        against=against,
        fail_if=fail_if,
        adapts=adapts,
        timeout_s=timeout_s,
        priority=priority,
        server_cpus=server_cpus,
        limits=limits,
        given={**(given or {}), **({} if runtime == "external" else {"runtime": runtime})},
        locust=locust,
        scenarios=asked,
    )
    if until is not None:
        plan = going_on(plan, until, most_rounds, minutes)
    if minutes is not None:
        plan = for_minutes(plan, minutes, more_rounds=adapts)
    require_room(plan)
    return replace(plan, expected_s=expected_s(plan))


def _rounds(profile: Profile, runtime: str, given: Mapping[str, Any]) -> int:
    fewer = profile.rounds_in_containers if runtime == "compose" and "rounds" not in given else None
    return fewer or profile.rounds


def servers_of(plan: Plan) -> Mapping[str, str]:
    """The server that each deployment is of, whatever its version; a twin is one of its own."""
    return {d.name: d.server.name if d.variant.kind == OLD else d.label for d in plan.deployments}


def _variants(
    servers: Sequence[Server], old_servers: Sequence[Server], against: Source | None, *, twin: bool
) -> list[tuple[Server, Variant]]:
    """Every server with what is deployed of it."""
    variants = [(server, ITSELF) for server in servers]
    if twin and len(servers) > 0:
        variants.append((_twinned(servers), Variant(TWIN)))
    old = Variant(OLD, against or THIS_CHECKOUT)
    return variants + [(server, old) for server in old_servers]


def _deployments(variants: Sequence[tuple[Server, Variant]], apps: Sequence[App]) -> tuple[Deployment, ...]:
    return tuple(
        Deployment(f"{server.name}{variant.kind.suffix}.{app.name}", server, app, number, variant)
        for number, (app, (server, variant)) in enumerate(itertools.product(apps, variants), start=1)
    )


def _twinned(servers: Sequence[Server]) -> Server:
    """The server that is deployed twice: gunicorn where it is measured, else the first."""
    return next((server for server in servers if server.name == "gunicorn"), servers[0])


def _loads(profile: Profile, rate: float | None, *, every: bool) -> list[Load]:
    first = None if every else 1
    shares = profile.shares if every else ()
    return [
        load
        for model in MODELS.values()
        for load in model.wanted(profile.users[:first], profile.connections[:first], shares, rate)
    ]


def case_of(deployment: Deployment, scenario: Scenario, load: Load) -> Case:
    """What a deployment is measured with in one way."""
    parts = [deployment.label, deployment.app.name, scenario.name, load.name]
    if load.connection == "close":
        parts.append("close")
    return Case("/".join(parts), deployment.label, deployment.app.name, scenario.name, deployment.name, load)
