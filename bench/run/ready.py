"""A user's application made ready: its Python is found, and the servers that this lacks are laid over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.ask.ownapp import OwnApp
from bench.catalogue.interpreter import Interpreter, find_interpreter
from bench.deploy.overlay import lay_over
from bench.deploy.program import program
from bench.model import App, Server
from bench.model.errors import UsageError
from bench.model.project import Project

_FRAMEWORKS = ("django", "flask", "werkzeug", "pyramid", "bottle", "falcon", "cherrypy", "webob", "tornado")


@dataclass(frozen=True)
class ReadyApp:
    """An application that can be served.

    Attributes:
        servers: those that can serve it.
        missing: why each of the others can't, with what to do.
    """

    app: App
    interpreter: Interpreter
    servers: tuple[Server, ...]
    missing: tuple[str, ...]


def made_ready(own: OwnApp, servers: Sequence[Server], say: Callable[[str], None]) -> ReadyApp:
    """Find its Python, and lay servers over it; nothing of the project is run or written.

    Raises:
        UsageError: there is no Python for it, or none of the servers can be had.
        MachineError: the cache can't be written.
    """
    interpreter = find_interpreter(
        own.folder, asked=own.python, requirements=own.requirements, environment=own.shell, say=say
    )
    overlays = lay_over(interpreter, servers, say, own.shell, own.folder)
    had = tuple(server for server in servers if not overlays[server.name].problem)
    missing = tuple(f"{name}: {overlay.problem}" for name, overlay in overlays.items() if overlay.problem)
    if not had:
        raise UsageError(*missing)
    installed = interpreter.distributions
    versions = {name: installed[name] for name in _FRAMEWORKS if name in installed}
    versions |= {s.package: overlays[s.name].version for s in had if overlays[s.name].version}
    project = Project(
        root=str(own.found.root),
        python=interpreter.python,
        version=interpreter.name,
        starts={server.name: program(server.command[0], interpreter) for server in had},
        overlays={s.name: overlays[s.name].folder for s in had if overlays[s.name].folder},
        versions=versions,
        variables=own.variables,
    )
    return ReadyApp(own.as_app(project), interpreter, had, missing)
