"""A user's application made ready: its Python is found, it is tried, and servers are laid over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.ask.locust import FRONT_PAGE
from bench.ask.ownapp import OwnApp
from bench.ask.servers import not_there
from bench.catalogue.interpreter import find_interpreter
from bench.catalogue.ownline import FETCHED
from bench.deploy.overlay import lay_over
from bench.deploy.program import program
from bench.deploy.starting import project_environment
from bench.model import Server
from bench.model.errors import UsageError
from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.preflight import preflight
from bench.preflight.hiding import secrets_of
from bench.preflight.page import block, rows
from bench.preflight.refusals import beside_the_file, notes, refusals, unable
from bench.preflight.shadows import shadows
from bench.run.contained_app import made_contained
from bench.run.readyapp import ReadyApp as ReadyApp
from bench.run.readyapp import proxied, seconds_per_request
from bench.run.surrounded import surrounded


@contextmanager
def made_ready(
    own: OwnApp,
    servers: Sequence[Server],
    scenario: AskedScenario | None,
    show: Callable[[str], None],
    say: Callable[[str], None],
) -> Iterator[ReadyApp]:
    """Find its Python, have that import and answer once, and lay servers over it; what it needs
    is there while the block lasts.

    Args:
        scenario: what is asked of it; None where a locust file says it: its front page is then looked at.
        show: gets what was found, several lines for a person.
        say: gets a line for what takes a while or needs to be known.

    Raises:
        UsageError: there is no Python for it, it can't be prepared, it doesn't answer as it should, or no
            server can be had.
        EngineError: `--services` need a Docker engine.
        MachineError: the cache can't be written.
    """
    if own.contained:
        with made_contained(own, servers, scenario or FRONT_PAGE, show, say) as ready:
            yield ready
        return
    interpreter = find_interpreter(
        own.folder, asked=own.python, requirements=own.requirements, environment=own.shell, say=say
    )
    project = Project(
        str(own.found.root), interpreter.python, own.found.callable, interpreter.name, variables=own.variables
    )
    path = project_environment(project, own.shell)["PATH"]
    started = [
        replace(server, command=(*program(server.command[0], interpreter), *server.command[1:]))
        for server in servers
    ]
    if reasons := tuple(not_there(started, path, Path(project.root), fetched=FETCHED)):
        raise UsageError(*reasons)
    asks = scenario or FRONT_PAGE
    secrets = secrets_of(project, asks, own.shell)
    with surrounded(own, project, secrets, say) as outside:
        seen = preflight(project, asks, outside.shell)
        if seen.trouble is None:
            found = own.found
            show(block(rows(seen, interpreter.python, found.origin, found.others, asks.source)))
        reasons = refusals(seen, asks)
        if reasons and (scenario is not None or seen.trouble is not None):
            raise UsageError(*(f"{reason}." for reason in reasons))
        problems = unable(seen, servers)
        able = [server for server in servers if server.name not in problems]
        overlays = lay_over(interpreter, able, say, own.shell, own.folder)
        problems |= {name: overlay.problem for name, overlay in overlays.items() if overlay.problem}
        had = tuple(server for server in able if server.name not in problems)
        missing = tuple(f"{name}: {problem}" for name, problem in problems.items())
        if not had:
            raise UsageError(*missing)
        project = replace(
            project,
            # What the users of a file send, only the file knows.
            proxied=scenario is None or proxied(scenario),
            callable=seen.callable,
            starts={server.name: program(server.command[0], interpreter) for server in had},
            overlays={s.name: overlays[s.name].folder for s in had if overlays[s.name].folder},
            versions={
                **dict(seen.frameworks),
                **{s.package: overlays[s.name].version for s in had if overlays[s.name].version},
            },
        )
        yield ReadyApp(
            app=own.as_app(project),
            interpreter=interpreter,
            seen=seen,
            servers=had,
            missing=missing,
            notes=(
                *(beside_the_file(seen, asks) if scenario is None else ()),
                *notes(seen, asks, restored=own.restores),
                *shadows(Path(project.root), [server.package for server in had]),
            ),
            outside=outside,
            seconds_per_request=seconds_per_request(seen, asks),
        )
