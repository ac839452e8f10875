"""What a stored plan would run, taken anew from this checkout and from what the user names.

A result is data, and may be a stranger's. Commands, environments, applications, old versions and targets are
therefore never taken from it: they are looked up by their names, and what the result says of them is only
compared. A difference is a refusal, before anything is started or changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.ask.generators import Asked, read_bind, require_secret
from bench.ask.locust import looked_at_again
from bench.ask.serverspec import read_servers
from bench.ask.targets import EXTERNAL, read_targets
from bench.catalogue.registry import APPS_FILE, app_from_callable, load_apps, load_servers
from bench.catalogue.versions import COMPOSE_FILE, Checkouts, find
from bench.deploy.external import target_server, urls
from bench.model import App, Deployment, Plan, Server
from bench.model.errors import UsageError
from bench.model.excerpt import cut
from bench.model.variant import THIS_CHECKOUT, Source
from bench.plan.workers import read_workers, with_workers
from bench.run.differing import differences, unplanned
from bench.run.named_again import Named, is_by_callable, unnamed
from bench.run.stored_asks import require_asked, taken

_RUNTIMES = ("compose", "local", "external")
_FEW = 8


def require_context(directory: Path, plan: Plan, named: str | None) -> None:
    """See that the user names the Docker context in which a run was measured: it is a way to another machine.

    Raises:
        UsageError: it isn't, or it wasn't named.
    """
    stored = str(plan.given.get("docker_context", ""))
    if stored and named is None:
        raise UsageError(unnamed(directory, plan, f"the Docker context {cut(stored)}"))
    if (named or "") != stored:
        other = f"in the Docker context {cut(stored)}. Name that" if stored else "without one. Leave it out"
        raise UsageError(f"--docker-context {named}: {directory} was measured {other}.")


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
        raise UsageError(unnamed(directory, plan, f"the locust file {cut(plan.locust.name)}"))
    return looked_at_again(named.locustfile, plan.locust, plan.users).arguments


def generators_again(directory: Path, plan: Plan, named: Named) -> Asked | None:
    """Where the generators of other hosts are waited for again, if the user says so.

    Raises:
        UsageError: it wasn't said, or the run has none.
    """
    if plan.generators is None:
        if named.bind:
            raise UsageError(f"--bind: {directory} was measured by this machine alone. Leave it out.")
        return None
    if named.bind is None:
        raise UsageError(unnamed(directory, plan, "an address that other hosts ask"))
    host, port = read_bind(named.bind)
    return Asked(replace(plan.generators, host=host, port=port), require_secret(named.secret))


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
        raise UsageError(unnamed(directory, plan, f"the old version {cut(plan.against.asked)}"))
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
    cpus: int,
) -> Plan:
    """The same plan with deployments of this checkout.

    Args:
        cpus: that each server may use.
        environment: of the harness: docker-compose.yml takes variables from it.
        checkouts: with the version compared with, as `old_version` has found it.

    Raises:
        UsageError: it plans what this checkout wouldn't; names every difference.
    """
    if plan.runtime not in _RUNTIMES:
        raise UsageError(f"{directory}: there is no runtime {cut(plan.runtime)}. Start a new run.")
    if plan.redis != named.redis:
        if named.redis is None:
            raise UsageError(unnamed(directory, plan, f"the Redis {cut(plan.redis or '')}"))
        raise UsageError(f"--redis {named.redis}: {directory} was measured with {plan.redis or 'its own'}.")
    apps = _apps(directory, plan, root, named)
    if plan.scenarios and named.asks is None:
        raise UsageError(unnamed(directory, plan, "requests of a user's own"))
    require_asked(directory, plan, named.asks)
    plan = replace(plan, scenarios=taken(named.asks))
    known = (
        {THIS_CHECKOUT: _targets(directory, plan)}
        if plan.runtime == "external"
        else {
            source: load_servers(checkout.compose_file, environment) for source, checkout in checkouts.items()
        }
    )
    lines = _own_servers(directory, plan, known[THIS_CHECKOUT], named)
    known = {**known, THIS_CHECKOUT: {**known[THIS_CHECKOUT], **lines}}
    if "workers" in plan.given:
        workers = read_workers(cut(str(plan.given["workers"])))
        known = {
            source: dict(zip(servers, with_workers(servers.values(), workers, cpus), strict=True))
            for source, servers in known.items()
        }
    deployments: list[Deployment] = []
    wrong: list[str] = []
    for number, stored in enumerate(plan.deployments, 1):
        place = COMPOSE_FILE if stored.variant.source == THIS_CHECKOUT else "the old version"
        server = known.get(stored.variant.source, {}).get(stored.server.name)
        app = apps.get(stored.app.name)
        if server is None:
            wrong.append(f"server {cut(stored.server.name)}: {place} has none of that name")
        if app is None:
            wrong.append(f"app {cut(stored.app.name)}: {APPS_FILE} has none of that name")
        if server is not None and app is not None:
            own = _deployment(stored, number, server, app)
            wrong += differences(stored, own)
            deployments.append(own)
    if not wrong:
        wrong += unplanned(plan, deployments)
    if wrong:
        unique = list(dict.fromkeys(wrong))
        more = f"; and {len(unique) - _FEW} more" if len(unique) > _FEW else ""
        raise UsageError(
            f"{directory} can't be continued: what it says is run is not what would be run now. "
            + "; ".join(unique[:_FEW])
            + f"{more}. Nothing was started. Go back to the checkout and the environment variables that it "
            f"was measured with, or start a new run."
        )
    return replace(plan, deployments=tuple(deployments))


def _apps(directory: Path, plan: Plan, root: Path, named: Named) -> Mapping[str, App]:
    """By name: the catalogue's, and what the user names as `module:callable`."""
    wanted = {d.app.callable for d in plan.deployments}
    if named.own is None and named.app is not None and named.app not in wanted:
        measured = ", ".join(map(cut, sorted(wanted)))
        raise UsageError(f"--app {named.app}: {directory} measured {measured}. Name that.")
    if plan.runtime == "external":
        return {EXTERNAL.name: EXTERNAL}
    apps = load_apps(root / APPS_FILE)
    if named.own is not None:
        apps[named.own.name] = named.own
    for app in {d.app.name: d.app for d in plan.deployments}.values():
        if app.name in apps or not is_by_callable(app):
            continue
        if named.app != app.callable:
            raise UsageError(unnamed(directory, plan, f"the application {cut(app.callable)}"))
        apps[app.name] = app_from_callable(named.app)
    return apps


def _own_servers(
    directory: Path, plan: Plan, known: Mapping[str, Server], named: Named
) -> Mapping[str, Server]:
    """By name: those that the user names, since each may be any command."""
    wanted = {d.server.name for d in plan.deployments if d.server.own or d.server.service}
    given = {server.name: server for server in read_servers(named.servers, known, Path.cwd())}
    if missing := sorted(wanted - given.keys()):
        raise UsageError(unnamed(directory, plan, f"the server {cut(missing[0])}"))
    if unknown := sorted(given.keys() - wanted):
        raise UsageError(f"--server: {directory} has no server {unknown[0]} of that kind. Leave it out.")
    return given


def _targets(directory: Path, plan: Plan) -> Mapping[str, Server]:
    """By name; whether load may go there is asked elsewhere, see `find_addresses`."""
    stored = [f"{name}={url}" for name, url in urls(plan).items()]
    try:
        return {name: target_server(name, url) for name, url in read_targets(stored).items()}
    except UsageError as error:
        raise UsageError(*(f"{directory}: {cut(problem, 400)}" for problem in error.problems)) from None


def _deployment(stored: Deployment, number: int, server: Server, app: App) -> Deployment:
    name = f"{server.name}{stored.variant.kind.suffix}.{app.name}"
    return Deployment(name, server, app, number, stored.variant)


def _place(against: Source) -> str:
    """What an old version is, whatever it was called."""
    commit = f"commit {cut(against.commit)}" if against.commit else "no commit"
    return f"{cut(against.compose_file)} at {commit}" if against.compose_file else commit
