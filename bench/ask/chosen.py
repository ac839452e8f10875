"""What a run measures: what runs already, an application of the user's own, or one that comes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.ask.combinations import catalogued, for_targets
from bench.ask.locust import Asked, local_for
from bench.ask.ownapp import OwnApp, own_app
from bench.ask.servers import chosen_servers, fitting_runtime, found_lines
from bench.ask.targets import EXTERNAL, beside_targets, read_target
from bench.catalogue.application import not_importable
from bench.catalogue.consent import Addresses, look_up
from bench.catalogue.scenarios.request import Scenario
from bench.model import App, Server
from bench.model.problems import Problems
from bench.plan.layout import Profile

Combinations = tuple[tuple[App, Scenario], ...]
"""Each app with a scenario that it is measured with."""


@dataclass(frozen=True)
class Chosen:
    """What a run measures.

    Attributes:
        reason: why the runtime isn't the one that was asked for; empty if it is.
        targets: name to URL of servers that run already; empty to deploy `servers`.
        addresses: behind each target's host, by name: where its load goes.
        own: the application, where it is one of the user's own project.
        found: by name, settings that the project says.
    """

    runtime: str
    reason: str = ""
    combinations: Combinations = ()
    servers: tuple[Server, ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, Addresses] = field(default_factory=dict)
    own: OwnApp | None = None
    found: Mapping[str, Any] = field(default_factory=dict)


def what_runs_already(
    asked: Mapping[str, Any], requests: Scenario | None, problems: Problems, *, beyond: bool
) -> Chosen:
    """The targets.

    Args:
        beyond: whether they may be other machines.
    """
    problems.note(*beside_targets(asked))
    targets: dict[str, str] = {}
    addresses: dict[str, Addresses] = {}
    for value in asked["target"]:
        with problems.collected():
            name, url = read_target(value, targets)
            targets[name] = url
            addresses[name] = look_up(name, url, allowed=beyond)
    combinations = ((EXTERNAL, requests),) if requests else for_targets(asked["scenarios"], problems)
    return Chosen("external", combinations=combinations, targets=targets, addresses=addresses)


def of_ones_own(
    asked: Mapping[str, Any],
    requests: Scenario | None,
    locust: Asked | None,
    problems: Problems,
    root: Path,
    here: Path,
    environment: Mapping[str, str],
) -> Chosen:
    """The application of a project, with the servers that this and the user name."""
    chosen = Chosen(asked["runtime"])
    with problems.collected():
        app = own_app(asked, here, environment)
        runtime = "compose" if app.contained else "local"
        runtime, reason = local_for(locust, runtime) or (runtime, "")
        combinations = ((app.as_app(), requests),) if requests else ()
        place = {"app": app.found.callable, "chdir": str(app.folder.absolute())}
        chosen = Chosen(runtime, reason, combinations, own=app, found=place)
        if not app.contained:
            lines = found_lines(asked, app.folder, root, environment)
            chosen = replace(chosen, found={**lines, **place})
    named = {**asked, **chosen.found}
    folder = chosen.own.folder if chosen.own else None
    servers = chosen_servers(named["servers"], named["server"], root, environment, problems, folder)
    return replace(chosen, servers=servers)


def of_the_catalogue(
    asked: Mapping[str, Any],
    given: Mapping[str, Any],
    profile: Profile,
    requests: Scenario | None,
    locust: Asked | None,
    problems: Problems,
    root: Path,
    environment: Mapping[str, str],
) -> Chosen:
    """What comes along, or a module of the checkout's."""
    servers = chosen_servers(asked["servers"], asked["server"], root, environment, problems, None)
    combinations = catalogued(given, profile, root, requests, problems)
    problems.note(*not_importable((app.callable for app, _ in combinations), root, environment))
    chosen = Chosen(asked["runtime"], "", combinations, servers)
    with problems.collected():
        runtime, reason = local_for(locust, chosen.runtime) or fitting_runtime(
            chosen.runtime, combinations, servers
        )
        chosen = replace(chosen, runtime=runtime, reason=reason)
    return chosen
