"""How a stored plan differs from what would be run now, in words that are safe to print."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bench.ask.settings import SETTINGS
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.asked import scenario_of
from bench.catalogue.scenarios.locustfile import SCENARIO as OF_A_LOCUSTFILE
from bench.deploy.redisprocess import DATABASES
from bench.model import Deployment, Plan
from bench.model.excerpt import cut
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.plan.layout import CLIENTS, CONNECTIONS, case_of

_PLANNED = {
    **{name: name for name in ("users", "rate", "rounds", "blocks", "processes", "minutes", "until", "seed")},
    "server_cpus": "server_cpus",
    "most_rounds": "rounds",
}
"""Fields of a plan, with the settings whose limits they keep."""


def differences(stored: Deployment, own: Deployment) -> Iterator[str]:
    """What a deployment has otherwise than this checkout: "OF WHAT, WHICH: THERE -> HERE"."""
    for what, there, here in (
        (f"server {own.server.name}", stored.server, own.server),
        (f"app {own.app.name}", stored.app, own.app),
    ):
        for name, before, now in _parts(there, here):
            yield from _changed(f"{what}, {name}", before, now)
    yield from _changed(f"deployment {own.name}, name", stored.name, own.name)
    yield from _changed(f"deployment {own.name}, database", stored.database, own.database)


def _changed(what: str, there: Any, here: Any) -> Iterator[str]:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys((*there, *here)):
            yield from _changed(f"{what} {cut(name)}", there.get(name), here.get(name))
    elif is_dataclass(there) and type(there) is type(here):
        for name, before, now in _parts(there, here):
            yield from _changed(f"{what} {name}", before, now)
    elif there != here:
        yield f"{what}: {_shown(there)} -> {_shown(here)}"


def _parts(there: Any, here: Any) -> Iterator[tuple[str, Any, Any]]:
    """The name and both values of each part by which two dataclasses of a kind are compared."""
    for part in fields(there):
        if part.compare:
            yield part.name, getattr(there, part.name), getattr(here, part.name)


def unplanned(plan: Plan, deployments: Iterable[Deployment]) -> Iterator[str]:
    """What no plan of this checkout has: cases, and numbers beyond what can be asked for."""
    known = {deployment.name: deployment for deployment in deployments}
    if len(known) != len(plan.deployments) or len(known) >= DATABASES:
        yield f"deployments: {len(plan.deployments)}, of which {len(known)} are different"
    for case in plan.cases:
        deployment, asked = known.get(case.deployment), case.scenario in plan.scenarios
        scenario = scenario_of(case.scenario, plan.scenarios) if asked else SCENARIOS.get(case.scenario)
        if deployment is None:
            yield f"case {cut(case.id)}: there is no deployment {cut(case.deployment)}"
        elif scenario is None or not (asked or case.scenario in _fitting(plan, deployment)):
            yield f"case {cut(case.id)}: {deployment.app.name} has no scenario {cut(case.scenario)}"
        elif case_of(deployment, scenario, case.load) != case:
            yield f"case {cut(case.id)}: here it is {case_of(deployment, scenario, case.load).id}"
        elif not 1 <= case.load.at_once <= max(SETTINGS["users"].highest, IN_FLIGHT_CAP):
            yield f"case {cut(case.id)}: {case.load.at_once} users"
        elif case.load.connection not in CONNECTIONS:
            yield f"case {cut(case.id)}: there is no connection {cut(case.load.connection)}"
        elif case.load.rate is not None and not 0 < case.load.rate <= SETTINGS["rate"].highest:
            yield f"case {cut(case.id)}: {case.load.rate:g} requests a second"
    if plan.client not in (CLIENTS if plan.locust is None else ("locustfile",)):
        yield f"there is no client {cut(plan.client)}"
    for name, setting in _PLANNED.items():
        value = getattr(plan, name)
        if value is not None and not 0 <= value <= (highest := SETTINGS[setting].highest):
            yield f"{name}: {value:g}, of at most {highest}"
    if not 0 < plan.timeout_s <= (highest := SETTINGS["timeout"].highest):
        yield f"timeout: {plan.timeout_s:g} s, of at most {highest}"


def _fitting(plan: Plan, deployment: Deployment) -> tuple[str, ...]:
    return deployment.app.scenarios if plan.locust is None else (OF_A_LOCUSTFILE.name,)


def _shown(value: Any) -> str:
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, tuple):
        return cut(shlex.join(map(str, value)))
    return cut(str(value))
