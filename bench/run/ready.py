"""A user's application made ready: its Python is found, it is tried, and servers are laid over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from bench.ask.ownapp import OwnApp
from bench.catalogue.interpreter import find_interpreter
from bench.deploy.overlay import lay_over
from bench.deploy.program import program
from bench.model import Server
from bench.model.errors import UsageError
from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.preflight import preflight
from bench.preflight.page import block, rows
from bench.preflight.refusals import notes, refusals
from bench.run.contained_app import made_contained
from bench.run.readyapp import ReadyApp as ReadyApp
from bench.run.readyapp import seconds_per_request
from bench.run.surrounded import surrounded


@contextmanager
def made_ready(
    own: OwnApp,
    servers: Sequence[Server],
    scenario: AskedScenario,
    show: Callable[[str], None],
    say: Callable[[str], None],
) -> Iterator[ReadyApp]:
    """Find its Python, have that import and answer once, and lay servers over it; what it needs
    is there while the block lasts.

    Args:
        scenario: what is asked of it.
        show: gets what was found, several lines for a person.
        say: gets a line for what takes a while or needs to be known.

    Raises:
        UsageError: there is no Python for it, it can't be prepared, it doesn't answer as it should, or no
            server can be had.
        EngineError: `--services` need a Docker engine.
        MachineError: the cache can't be written.
    """
    if own.contained:
        with made_contained(own, servers, scenario, show, say) as ready:
            yield ready
        return
    interpreter = find_interpreter(
        own.folder, asked=own.python, requirements=own.requirements, environment=own.shell, say=say
    )
    project = Project(
        str(own.found.root), interpreter.python, own.found.callable, interpreter.name, variables=own.variables
    )
    with surrounded(own, project, say) as outside:
        seen = preflight(project, scenario, outside.shell)
        if seen.trouble is None:
            show(block(rows(seen, interpreter.python, own.found.origin, own.found.others)))
        if reasons := refusals(seen, scenario):
            raise UsageError(*(f"{reason}." for reason in reasons))
        overlays = lay_over(interpreter, servers, say, own.shell, own.folder)
        had = tuple(server for server in servers if not overlays[server.name].problem)
        missing = tuple(f"{name}: {overlay.problem}" for name, overlay in overlays.items() if overlay.problem)
        if not had:
            raise UsageError(*missing)
        project = replace(
            project,
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
            notes=notes(seen, scenario, restored=own.restores),
            outside=outside,
            seconds_per_request=seconds_per_request(seen, scenario),
        )
