"""How a deployment is started as a child process: its command, its folder and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.catalogue.application import inherited, search_path
from bench.catalogue.variables import of_child
from bench.catalogue.versions import Checkout, Checkouts
from bench.deploy import ownserver
from bench.machine.cache import bytecode
from bench.model import Deployment
from bench.model.project import Project
from bench.model.variant import THIS_CHECKOUT

_OURS = "servers/"
# They change the configuration that is measured: https://gunicorn.org/reference/settings/#settings,
# https://uwsgi-docs.readthedocs.io/en/latest/Configuration.html#environment-variables,
# https://github.com/emmett-framework/granian#options
_STEERING = ("GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "UWSGI_", "GRANIAN_")


@dataclass(frozen=True)
class Start:
    """What a child process is made of."""

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]


def start_of(
    deployment: Deployment,
    checkouts: Checkouts,
    shell: Mapping[str, str],
    port: int,
    database: int,
    store: tuple[str, int] | None,
    address: str,
    socket: str = "",
) -> Start:
    """What serves a deployment at this address.

    Args:
        shell: the environment that the harness was started in, with what the user gives the application.
        database: of Redis.
        store: host and port of Redis; None without one.
        socket: the path of a unix socket, for a line of the user's that asks for one.
    """
    checkout = checkouts[deployment.variant.source]
    variables = of_child(deployment, port, database, store, address)
    words = ownserver.command(deployment, address, port, socket)
    command = tuple(_placed(word, checkout) for word in words)
    project = deployment.app.project
    if project is None:
        return Start(command, checkout.root, {**_of_checkout(checkout, checkouts, shell), **variables})
    started = project.starts.get(deployment.server.name, command[:1])
    return Start(
        (*started, *command[1:]),
        Path(project.root),
        {**project_environment(project, shell, deployment.server.name), **variables, "PORT": str(port)},
    )


def steering(name: str) -> bool:
    """Whether a variable changes how a server is configured."""
    return name.startswith(_STEERING)


def _placed(word: str, checkout: Checkout) -> str:
    return str(checkout.root / word) if word.startswith(_OURS) else word


def _of_checkout(checkout: Checkout, checkouts: Checkouts, shell: Mapping[str, str]) -> dict[str, str]:
    # The environment that the harness itself runs in has the servers' packages, too.
    programs = str(Path(sys.executable).parent)
    environment = inherited(shell)
    if checkout.imports:
        here = checkouts[THIS_CHECKOUT].root
        moved = [_moved(folder, here, checkout.root) for folder in search_path(shell)]
        environment["PYTHONPATH"] = os.pathsep.join((str(checkout.imports), str(checkout.root), *moved))
    path = os.pathsep.join([programs, shell.get("PATH", os.defpath)])
    return {**environment, "PATH": path}


def project_environment(project: Project, shell: Mapping[str, str], server: str = "") -> dict[str, str]:
    """The shell's environment as it is, less what steers servers or is of the harness's own Python.

    Args:
        server: that is laid over the project's own environment; empty for what isn't served.
    """
    ours = Path(sys.prefix)
    environment = {name: value for name, value in shell.items() if not steering(name)}
    theirs = Path(project.python).parent
    if environment.get("VIRTUAL_ENV") == str(ours) and theirs != ours / "bin":
        del environment["VIRTUAL_ENV"]
    if overlay := project.overlays.get(server):
        folders = [*filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)), overlay]
        environment["PYTHONPATH"] = os.pathsep.join(folders)
    programs = [
        path for path in environment.get("PATH", os.defpath).split(os.pathsep) if Path(path) != ours / "bin"
    ]
    # A shell's line names its program itself.
    laid_over = [str(Path(overlay) / "bin")] if overlay else []
    environment["PATH"] = os.pathsep.join(dict.fromkeys([str(theirs), *laid_over, *programs]))
    # Nothing is written into the project or its environment, and only the first start compiles.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**bytecode(shell), **environment}


def _moved(folder: str, root: Path, other: Path) -> str:
    """The same folder in another checkout; one that is in no checkout is itself."""
    path = Path(folder).resolve()
    return str(other / path.relative_to(root)) if path.is_relative_to(root) else folder
