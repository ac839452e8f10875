"""The rate of open load that all servers of a group get: one that most of them can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.model import Case, Plan
from bench.model.digits import as_said
from bench.model.loads.open import common_rate
from bench.plan.layout import servers_of


def with_open_rates(plan: Plan, capacity_rps: Mapping[str, float]) -> Plan:
    """Set the rate of open load: one for all servers of an app, scenario and connection, or a share of each
    server's own capacity; of two versions of a server, of that which can do less.

    Where nothing is claimed the rate is one that every server answers easily, on a machine that is slow or
    used by others, too: a pilot may have seen its better moments.

    Args:
        capacity_rps: what the pilot found for each closed case that answered rightly, by case id. A server's
            capacity is what it does with the number of users that suits it best; the slowest server for
            which the rate is decides: it is 60 % of its capacity (`rate_for_most`). Cases of those who can't
            answer it are in `Plan.beyond`.
    """
    server_of = servers_of(plan)
    names = {server_of[d.name]: d.server.name for d in plan.deployments}
    best: dict[tuple[str, str, str], dict[tuple[str, str], float]] = {}
    for case in plan.cases:
        if case.id in capacity_rps:
            servers = best.setdefault(_where(case), {})
            version = server_of[case.deployment], case.server
            servers[version] = max(servers.get(version, 0.0), capacity_rps[case.id])

    def rated(case: Case) -> Case:
        servers = best.get(_where(case))
        if case.load.ready or not servers:
            return case
        if case.load.share is None:
            rate = rate_for_most(_of_servers(servers, names), claims=plan.claims)
        elif of_versions := [rps for (of, _), rps in servers.items() if of == server_of[case.deployment]]:
            rate = min(of_versions) * case.load.share
        else:
            return case
        return replace(case, load=replace(case.load, rate=as_said(rate)))

    rated_cases = tuple(rated(case) for case in plan.cases)
    beyond = {
        case.id: capacity
        for case in rated_cases
        if case.load.rate is not None
        and case.load.share is None
        and plan.rate is None
        and (capacity := best.get(_where(case), {}).get((server_of[case.deployment], case.server)))
        and capacity < case.load.rate
    }
    return replace(plan, cases=rated_cases, beyond=beyond)


def _where(case: Case) -> tuple[str, str, str]:
    return case.app, case.scenario, case.load.connection


def _of_servers(capacities: Mapping[tuple[str, str], float], names: Mapping[str, str]) -> Sequence[float]:
    """What each server can do, of its twin and its versions the least."""
    least: dict[str, float] = {}
    for (of, _), rps in capacities.items():
        least[names[of]] = min(rps, least.get(names[of], rps))
    return list(least.values())


def rate_for_most(capacities: Sequence[float], *, claims: bool) -> float:
    """A share of what the slowest server can do, of those that the rate is for.

    It is for all of them, unless the slowest few, fewer than half, couldn't answer what is right for the
    others: then it is for these. A server that does a hundredth of the others' pace doesn't make everybody's
    load nothing. Where nothing is claimed everybody has to answer it.

    Args:
        capacities: requests a second, one of each server.
    """
    ordered = sorted(capacities)
    rates = [common_rate(rps, claims=claims) for rps in ordered]
    fewer_than_half = (len(ordered) - 1) // 2 if claims else 0
    left_out = max((n for n in range(1, fewer_than_half + 1) if ordered[n - 1] < rates[n]), default=0)
    return rates[left_out]
