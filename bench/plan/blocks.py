"""The order of a round: which server is started first, which blocks follow, and the trials of each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench.model import MODELS, Case, Deployment, Load, LoadModel, Plan, TrialOrder
from bench.plan.layout import servers_of


def block_orders(
    plan: Plan,
    cases: Sequence[Case],
    round_number: int,
    block: int,
    epoch_ns: int,
) -> list[TrialOrder]:
    """One trial of each case, freshly shuffled, with the same requests and an equal length for every server.

    What is compared stays together: groups of cases of one app, scenario and load are shuffled, and the cases
    of each, so that two of a group are neighbours in time however many groups there are. The old and the new
    version of one case follow each other at once.
    """
    order = random.Random(f"{plan.seed}/{round_number}/{block}/order")
    shuffled = _shuffled(cases, order, servers_of(plan))
    deployments = {deployment.name: deployment for deployment in plan.deployments}
    length = _drawn(plan, round_number, block, "length")
    return [
        TrialOrder(
            case=case.id,
            target=case.deployment,
            scenario=case.scenario,
            load=case.load,
            length_s=case.load.length_s(plan, length),
            settle_s=case.load.settle_s(plan, _drawn(plan, round_number, block, f"{case.id}/settle")),
            round=round_number,
            block=block,
            order=order,
            seed=f"{plan.seed}/{round_number}/{block}/{case.scenario}/{case.load.model}",
            database=deployments[case.deployment].redis_database,
            epoch_ns=epoch_ns,
            timeout_s=plan.timeout_s,
        )
        for order, case in enumerate(shuffled)
    ]


def _drawn(plan: Plan, round_number: int, block: int, what: str) -> float:
    """From 0 to 1. The mean for blocks that don't count: a pilot tells how long trials are in the mean."""
    if block < 0:
        return 0.5
    return random.Random(f"{plan.seed}/{round_number}/{block}/{what}").random()


def starting_order(plan: Plan, round_number: int) -> list[Deployment]:
    """The deployments as they are started in a round: in an order that is drawn, and the other way round in
    the next one. The first one warms the machine's caches for all, and the last one starts beside them.
    """
    ordered = list(plan.deployments)
    random.Random(f"{plan.seed}/{(round_number - 1) // 2}/starts").shuffle(ordered)
    return ordered if round_number % 2 else ordered[::-1]


def block_models(plan: Plan) -> list[LoadModel]:
    """The load model of each block of a round; those with fewer blocks are spread evenly among the others."""
    used = {case.load.model for case in plan.cases}
    models: list[LoadModel] = []
    for block in range(plan.blocks):
        for name, model in MODELS.items():
            if name in used:
                before, after = (number * model.blocks(plan) // plan.blocks for number in (block, block + 1))
                models += [name] * (after - before)
    return models


def _shuffled(cases: Sequence[Case], order: random.Random, server_of: Mapping[str, str]) -> list[Case]:
    groups: dict[tuple[str, str, Load], list[Case]] = {}
    for case in cases:
        load = case.load if case.load.share is None else replace(case.load, rate=None)
        groups.setdefault((case.app, case.scenario, load), []).append(case)
    together = list(groups.values())
    order.shuffle(together)
    return [case for members in together for case in _versions_together(members, order, server_of)]


def _versions_together(
    members: Sequence[Case], order: random.Random, server_of: Mapping[str, str]
) -> Iterator[Case]:
    versions: dict[str, list[Case]] = {}
    for case in members:
        versions.setdefault(server_of[case.deployment], []).append(case)
    both = list(versions.values())
    order.shuffle(both)
    for cases in both:
        order.shuffle(cases)
        yield from cases


def scenarios_of(plan: Plan, deployment: str) -> tuple[str, ...]:
    """The names of what is asked of a deployment."""
    return tuple(dict.fromkeys(case.scenario for case in plan.cases if case.deployment == deployment))
