"""What a stored plan would run, taken anew from this checkout and from what the user names.

A result is data, and may be a stranger's. Commands, environments, applications, old versions and targets are
therefore never taken from it: they are looked up by their names, and what the result says of them is only
compared. A difference is a refusal, before anything is started or changed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from bench.ask.locust import looked_at_again
from bench.ask.settings import SETTINGS
from bench.ask.targets import EXTERNAL, read_targets
from bench.catalogue import consent, origin
from bench.catalogue.registry import APPS_FILE, app_from_callable, load_apps, load_servers
from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.locustfile import SCENARIO as OF_A_LOCUSTFILE
from bench.catalogue.versions import COMPOSE_FILE, Checkouts, find
from bench.deploy.external import target_server, urls
from bench.deploy.redisprocess import DATABASES
from bench.model import App, Deployment, Plan, Server
from bench.model.errors import UsageError
from bench.model.loads.open import IN_FLIGHT_CAP
from bench.model.resume_command import resume_command
from bench.model.variant import THIS_CHECKOUT, Source
from bench.plan.layout import CLIENTS, CONNECTIONS, case_of

_RUNTIMES = ("compose", "local", "external")
_SHOWN = 160
_FEW = 8
_PLANNED = {
    **{name: name for name in ("users", "rate", "rounds", "blocks", "processes", "minutes", "until", "seed")},
    "most_rounds": "rounds",
}
"""Fields of a plan, with the settings whose limits they keep."""


@dataclass(frozen=True)
class Named:
    """What the user names again on the command line, since no file of the checkout has it.

    Attributes:
        app: `module:callable`.
        against: the old version: a commit, a folder or a compose file.
        beyond: whether its targets may be other machines. Who began the run said so for themselves alone.
        locustfile: the file whose users make the load.
    """

    app: str | None = None
    against: str | None = None
    beyond: bool = False
    locustfile: str | None = None


NOTHING = Named()


def named_again(plan: Plan) -> Iterator[str]:
    """The options by which the user names what stands in the result alone, and in no file of the checkout."""
    for app in dict.fromkeys(deployment.app for deployment in plan.deployments):
        if _is_by_callable(app):
            yield from ("--app", app.callable)
    if plan.against is not None:
        yield from ("--against", plan.against.compose_file or plan.against.commit or plan.against.asked)
    if plan.locust is not None:
        yield from ("--locustfile", plan.locust.name)
    if any(_may_lead_beyond(url) for url in urls(plan).values()):
        yield consent.FLAG


def locust_arguments(directory: Path, plan: Plan, named: Named) -> tuple[str, ...]:
    """What starts a driver with the users of the locust file that the user names, if it is the one.

    Raises:
        UsageError: it isn't, or it wasn't named.
    """
    if plan.locust is None:
        if named.locustfile:
            raise UsageError(f"--locustfile: {directory} was measured without one. Leave it out.")
        return ()
    if named.locustfile is None:
        raise UsageError(_unnamed(directory, plan, f"the locust file {_cut(plan.locust.name)}"))
    return looked_at_again(named.locustfile, plan.locust, plan.users).arguments


def old_version(directory: Path, plan: Plan, root: Path, named: Named) -> Source | None:
    """The old version that the user names, if it is the one that was measured.

    Raises:
        UsageError: it isn't, or it wasn't named.
    """
    if plan.against is None:
        if named.against:
            raise UsageError(f"--against {named.against}: {directory} has no old version. Leave it out.")
        return None
    if named.against is None:
        raise UsageError(_unnamed(directory, plan, f"the old version {_cut(plan.against.asked)}"))
    version = find(named.against, root)
    if (version.commit, version.compose_file) != (plan.against.commit, plan.against.compose_file):
        raise UsageError(
            f"--against {named.against} is {_place(version)}, but {directory} was measured against "
            f"{_place(plan.against)}. Name that, or start a new run."
        )
    return replace(version, asked=plan.against.asked)


def taken_anew(
    directory: Path,
    plan: Plan,
    root: Path,
    environment: Mapping[str, str],
    named: Named,
    checkouts: Checkouts,
) -> Plan:
    """The same plan with deployments of this checkout.

    Args:
        environment: of the harness: docker-compose.yml takes variables from it.
        checkouts: with the version compared with, as `old_version` has found it.

    Raises:
        UsageError: it plans what this checkout wouldn't; names every difference.
    """
    if plan.runtime not in _RUNTIMES:
        raise UsageError(f"{directory}: there is no runtime {_cut(plan.runtime)}. Start a new run.")
    apps = _apps(directory, plan, root, named)
    known = (
        {THIS_CHECKOUT: _targets(directory, plan)}
        if plan.runtime == "external"
        else {
            source: load_servers(checkout.compose_file, environment) for source, checkout in checkouts.items()
        }
    )
    deployments: list[Deployment] = []
    wrong: list[str] = []
    for number, stored in enumerate(plan.deployments, 1):
        place = COMPOSE_FILE if stored.variant.source == THIS_CHECKOUT else "the old version"
        server = known.get(stored.variant.source, {}).get(stored.server.name)
        app = apps.get(stored.app.name)
        if server is None:
            wrong.append(f"server {_cut(stored.server.name)}: {place} has none of that name")
        if app is None:
            wrong.append(f"app {_cut(stored.app.name)}: {APPS_FILE} has none of that name")
        if server is not None and app is not None:
            own = _deployment(stored, number, server, app)
            wrong += _differences(stored, own)
            deployments.append(own)
    if not wrong:
        wrong += _unplanned(plan, deployments)
    if wrong:
        unique = list(dict.fromkeys(wrong))
        more = f"; and {len(unique) - _FEW} more" if len(unique) > _FEW else ""
        raise UsageError(
            f"{directory} can't be continued: what it says is run is not what this checkout runs. "
            + "; ".join(unique[:_FEW])
            + f"{more}. Nothing was started. Go back to the checkout and the environment variables that it "
            f"was measured with, or start a new run."
        )
    return replace(plan, deployments=tuple(deployments))


def _apps(directory: Path, plan: Plan, root: Path, named: Named) -> Mapping[str, App]:
    """By name: the catalogue's, and what the user names as `module:callable`."""
    wanted = {d.app.callable for d in plan.deployments}
    if named.app is not None and named.app not in wanted:
        measured = ", ".join(map(_cut, sorted(wanted)))
        raise UsageError(f"--app {named.app}: {directory} measured {measured}. Name that.")
    if plan.runtime == "external":
        return {EXTERNAL.name: EXTERNAL}
    apps = load_apps(root / APPS_FILE)
    for app in dict.fromkeys(d.app for d in plan.deployments):
        if app.name in apps or not _is_by_callable(app):
            continue
        if named.app != app.callable:
            raise UsageError(_unnamed(directory, plan, f"the application {_cut(app.callable)}"))
        apps[app.name] = app_from_callable(named.app)
    return apps


def _targets(directory: Path, plan: Plan) -> Mapping[str, Server]:
    """By name; whether load may go there is asked elsewhere, see `find_addresses`."""
    stored = [f"{name}={url}" for name, url in urls(plan).items()]
    try:
        return {name: target_server(name, url) for name, url in read_targets(stored).items()}
    except UsageError as error:
        raise UsageError(*(f"{directory}: {_cut(problem, 400)}" for problem in error.problems)) from None


def _deployment(stored: Deployment, number: int, server: Server, app: App) -> Deployment:
    name = f"{server.name}{stored.variant.kind.suffix}.{app.name}"
    return Deployment(name, server, app, number, stored.variant)


def _differences(stored: Deployment, own: Deployment) -> Iterator[str]:
    """What a deployment has otherwise than this checkout: "OF WHAT, WHICH: THERE -> HERE"."""
    for what, there, here in (
        (f"server {own.server.name}", stored.server, own.server),
        (f"app {own.app.name}", stored.app, own.app),
    ):
        for field in fields(there):
            yield from _changed(
                f"{what}, {field.name}", getattr(there, field.name), getattr(here, field.name)
            )
    yield from _changed(f"deployment {own.name}, name", stored.name, own.name)
    yield from _changed(f"deployment {own.name}, database", stored.database, own.database)


def _changed(what: str, there: Any, here: Any) -> Iterator[str]:
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in dict.fromkeys((*there, *here)):
            yield from _changed(f"{what} {_cut(name)}", there.get(name), here.get(name))
    elif there != here:
        yield f"{what}: {_shown(there)} -> {_shown(here)}"


def _unplanned(plan: Plan, deployments: Iterable[Deployment]) -> Iterator[str]:
    """What no plan of this checkout has: cases, and numbers beyond what can be asked for."""
    known = {deployment.name: deployment for deployment in deployments}
    if len(known) != len(plan.deployments) or len(known) >= DATABASES:
        yield f"deployments: {len(plan.deployments)}, of which {len(known)} are different"
    for case in plan.cases:
        deployment, scenario = known.get(case.deployment), SCENARIOS.get(case.scenario)
        if deployment is None:
            yield f"case {_cut(case.id)}: there is no deployment {_cut(case.deployment)}"
        elif scenario is None or case.scenario not in _fitting(plan, deployment):
            yield f"case {_cut(case.id)}: {deployment.app.name} has no scenario {_cut(case.scenario)}"
        elif case_of(deployment, scenario, case.load) != case:
            yield f"case {_cut(case.id)}: here it is {case_of(deployment, scenario, case.load).id}"
        elif not 1 <= case.load.at_once <= max(SETTINGS["users"].highest, IN_FLIGHT_CAP):
            yield f"case {_cut(case.id)}: {case.load.at_once} users"
        elif case.load.connection not in CONNECTIONS:
            yield f"case {_cut(case.id)}: there is no connection {_cut(case.load.connection)}"
        elif case.load.rate is not None and not 0 < case.load.rate <= SETTINGS["rate"].highest:
            yield f"case {_cut(case.id)}: {case.load.rate:g} requests a second"
    if plan.client not in (CLIENTS if plan.locust is None else ("locustfile",)):
        yield f"there is no client {_cut(plan.client)}"
    for name, setting in _PLANNED.items():
        value = getattr(plan, name)
        if value is not None and not 0 <= value <= (highest := SETTINGS[setting].highest):
            yield f"{name}: {value:g}, of at most {highest}"
    if not 0 < plan.timeout_s <= (highest := SETTINGS["timeout"].highest):
        yield f"timeout: {plan.timeout_s:g} s, of at most {highest}"


def _fitting(plan: Plan, deployment: Deployment) -> tuple[str, ...]:
    return deployment.app.scenarios if plan.locust is None else (OF_A_LOCUSTFILE.name,)


def _is_by_callable(app: App) -> bool:
    """Whether an app is in no list, but was named as `module:callable`."""
    return ":" in app.callable and app.name == app.callable.replace(":", ".")


def _may_lead_beyond(url: str) -> bool:
    """Whether it isn't clear from the URL alone that it leads to this machine itself."""
    try:
        host = origin.host_of(url)
        return host != "localhost" and bool(consent.beyond([host]))
    except ValueError:
        return True


def _unnamed(directory: Path, plan: Plan, what: str) -> str:
    command = resume_command(directory, named_again(plan))
    return (
        f"{directory} names {what}, which is in no file of this checkout. A result may be a stranger's, so "
        f"that is used only if you name it, too: `{command}`. Do so if it is yours, or "
        f"start a new run."
    )


def _place(against: Source) -> str:
    """What an old version is, whatever it was called."""
    commit = f"commit {_cut(against.commit)}" if against.commit else "no commit"
    return f"{_cut(against.compose_file)} at {commit}" if against.compose_file else commit


def _shown(value: Any) -> str:
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, tuple):
        return _cut(shlex.join(map(str, value)))
    return _cut(str(value))


def _cut(text: str, most: int = _SHOWN) -> str:
    """A text of a result, as it may stand in a message."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return plain if len(plain) <= most else f"{plain[:most]}..."
