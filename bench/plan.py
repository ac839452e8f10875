"""From what was asked to every case, in which order, with which seeds, and how long it will take."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bench.duration import OPEN_SETTLE_S, expected_s
from bench.model import (
    OLD_SUFFIX,
    TWIN_SUFFIX,
    Against,
    App,
    Case,
    Client,
    Connection,
    Deployment,
    Load,
    LoadModel,
    Plan,
    Server,
    TrialLength,
    TrialOrder,
)
from bench.scenarios.request import Scenario

IN_FLIGHT_CAP = 256
_PILOT_SHARE = 0.6


@dataclass(frozen=True)
class Profile:
    """How much is measured.

    Attributes:
        scenarios: names, in the order of the report. The first is measured with every load, the others with
            `users[0]` connections as they come and the common rate.
        users, connections: of closed load; other connections than the first are tried with `users[0]` only.
        shares: of each server's own capacity, at which open load is offered beside the common rate.
        claims: whether the report ranks; the smoke profile's doesn't.
        twin: whether the first server is deployed twice.
        stop_within: see `Plan`.
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
    stop_within: float | None = None


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
            rounds=6,
            blocks=30,
            trial_s=TrialLength(0.1, 1.0),
            warmup_s=0.2,
            users=(16,),
            connections=("as-is",),
            claims=True,
            twin=True,
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
            stop_within=0.005,
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
    processes: int = 1,
    client: Client = "loop",
    against: Against | None = None,
    old_servers: Sequence[Server] = (),
    fail_if: tuple[str, ...] = (),
) -> Plan:
    """Lay out every deployment and case.

    Args:
        combinations: each app with a scenario that it is measured with.
        rate: open rate for all cases; None to have the pilot find it.
        processes: of the load generator.
        old_servers: those of `servers` that the version `against` has, as it has them.
    """
    apps = list({app.name: app for app, _ in combinations}.values())
    deployments = _deployments(servers, old_servers, apps, twin=profile.twin)
    cases = tuple(
        _case(deployment, scenario, load)
        for number, (app, scenario) in enumerate(combinations)
        for load in _loads(profile, rate, every=number == 0)
        for deployment in deployments
        if deployment.app.name == app.name
    )
    plan = Plan(
        profile=profile.name,
        runtime=runtime,
        seed=seed,
        rounds=profile.rounds,
        blocks=profile.blocks,
        open_blocks=max(1, profile.blocks // 10),
        trial_s=profile.trial_s,
        warmup_s=profile.warmup_s,
        users=profile.users[0],
        rate=rate,
        claims=profile.claims,
        deployments=deployments,
        cases=cases,
        expected_s=0.0,
        stop_within=profile.stop_within,
        processes=processes,
        client=client,
        against=against,
        fail_if=fail_if,
    )
    return replace(plan, expected_s=expected_s(plan))


def block_orders(
    plan: Plan,
    cases: Sequence[Case],
    round_number: int,
    block: int,
    epoch_ns: int,
) -> list[TrialOrder]:
    """One trial of each case, freshly shuffled, with the same requests for every server.

    What is compared stays together: groups of cases of one app, scenario and load are shuffled, and the cases
    of each, so that two of a group are neighbours in time however many groups there are. The old and the new
    version of one case follow each other at once.
    """
    order = random.Random(f"{plan.seed}/{round_number}/{block}/order")
    shuffled = _shuffled(cases, order, _old_deployments(plan))
    deployments = {deployment.name: deployment for deployment in plan.deployments}
    return [
        TrialOrder(
            case=case.id,
            target=case.deployment,
            scenario=case.scenario,
            load=case.load,
            length_s=plan.trial_s.closed if case.load.model == "closed" else plan.trial_s.open,
            settle_s=0.0 if case.load.model == "closed" else OPEN_SETTLE_S,
            round=round_number,
            block=block,
            order=order,
            seed=f"{plan.seed}/{round_number}/{block}/{case.scenario}/{case.load.model}",
            database=database_of(deployments[case.deployment]),
            epoch_ns=epoch_ns,
        )
        for order, case in enumerate(shuffled)
    ]


def _shuffled(cases: Sequence[Case], order: random.Random, old: Set[str]) -> list[Case]:
    groups: dict[tuple[str, str, Load], list[Case]] = {}
    for case in cases:
        load = case.load if case.load.share is None else replace(case.load, rate=None)
        groups.setdefault((case.app, case.scenario, load), []).append(case)
    together = list(groups.values())
    order.shuffle(together)
    return [case for members in together for case in _versions_together(members, order, old)]


def _versions_together(members: Sequence[Case], order: random.Random, old: Set[str]) -> Iterator[Case]:
    versions: dict[str, list[Case]] = {}
    for case in members:
        versions.setdefault(_server(case, old), []).append(case)
    both = list(versions.values())
    order.shuffle(both)
    for cases in both:
        order.shuffle(cases)
        yield from cases


def starting_order(deployments: Sequence[Deployment], round_number: int) -> list[Deployment]:
    """Old and new take turns in being started first: the first one warms the machine's caches for both."""
    ordered = list(deployments)
    return ordered[::-1] if round_number % 2 == 0 and any(one.old for one in ordered) else ordered


def with_open_rates(plan: Plan, capacity_rps: Mapping[str, float]) -> Plan:
    """Set the rate of open load: one for all servers of an app, scenario and connection, or a share of each
    server's own capacity; of two versions of a server, of that which can do less.

    Args:
        capacity_rps: what the pilot found for each closed case that answered rightly, by case id. A server's
            capacity is what it does with the number of users that suits it best; the slowest server
            decides: the rate is 60 % of its capacity.
    """
    old = _old_deployments(plan)
    best: dict[tuple[str, str, str], dict[tuple[str, str], float]] = {}
    for case in plan.cases:
        if case.id in capacity_rps:
            servers = best.setdefault((case.app, case.scenario, case.load.connection), {})
            version = _server(case, old), case.server
            servers[version] = max(servers.get(version, 0.0), capacity_rps[case.id])

    def rated(case: Case) -> Case:
        servers = best.get((case.app, case.scenario, case.load.connection))
        if case.load.model == "closed" or case.load.rate is not None or not servers:
            return case
        if case.load.share is None:
            rate = min(servers.values()) * _PILOT_SHARE
        elif of_versions := [rps for (server, _), rps in servers.items() if server == _server(case, old)]:
            rate = min(of_versions) * case.load.share
        else:
            return case
        return replace(case, load=replace(case.load, rate=max(1.0, float(round(rate)))))

    return replace(plan, cases=tuple(rated(case) for case in plan.cases))


def _old_deployments(plan: Plan) -> Set[str]:
    return {deployment.name for deployment in plan.deployments if deployment.old}


def _server(case: Case, old: Set[str]) -> str:
    """The server that a case is of, whatever its version."""
    return case.server.removesuffix(OLD_SUFFIX) if case.deployment in old else case.server


def database_of(deployment: Deployment) -> int | None:
    """The Redis database that a deployment's app uses, if it uses one."""
    return deployment.database if deployment.app.redis else None


def block_models(plan: Plan) -> list[LoadModel]:
    """ "closed" or "open" for each block of a round, the open ones spread evenly among the closed."""
    every = plan.blocks / plan.open_blocks
    models: list[LoadModel] = []
    for block in range(plan.blocks):
        models.append("closed")
        if int((block + 1) / every) > int(block / every):
            models.append("open")
    return models


def _deployments(
    servers: Sequence[Server], old_servers: Sequence[Server], apps: Sequence[App], *, twin: bool
) -> tuple[Deployment, ...]:
    copies = [(server, "") for server in servers]
    if twin and len(servers) > 0:
        copies.append((_twinned(servers), TWIN_SUFFIX))
    copies += [(server, OLD_SUFFIX) for server in old_servers]
    return tuple(
        Deployment(
            name=f"{server.name}{suffix}.{app.name}",
            server=server,
            app=app,
            twin=suffix == TWIN_SUFFIX,
            database=number,
            old=suffix == OLD_SUFFIX,
        )
        for number, (app, (server, suffix)) in enumerate(
            ((app, copy) for app in apps for copy in copies), start=1
        )
    )


def _twinned(servers: Sequence[Server]) -> Server:
    """The server that is deployed twice: gunicorn where it is measured, else the first."""
    return next((server for server in servers if server.name == "gunicorn"), servers[0])


def _loads(profile: Profile, rate: float | None, *, every: bool) -> list[Load]:
    usual, users = profile.connections[0], profile.users[0]
    if not every:
        return [Load("closed", users, connection=usual), Load("open", IN_FLIGHT_CAP, rate, usual)]
    others = profile.connections[1:]
    return [
        *(Load("closed", number, connection=usual) for number in profile.users),
        *(Load("closed", users, connection=connection) for connection in others),
        *(Load("open", IN_FLIGHT_CAP, rate, connection) for connection in profile.connections),
        *(Load("open", IN_FLIGHT_CAP, None, usual, share) for share in profile.shares if rate is None),
    ]


def _case(deployment: Deployment, scenario: Scenario, load: Load) -> Case:
    name = deployment.name.removesuffix(f".{deployment.app.name}")
    kind = f"closed-{load.users}" if load.model == "closed" else "open"
    if load.share is not None:
        kind += f"-{load.share * 100:g}"
    parts = [name, deployment.app.name, scenario.name, kind]
    if load.connection == "close":
        parts.append("close")
    return Case("/".join(parts), name, deployment.app.name, scenario.name, deployment.name, load)
