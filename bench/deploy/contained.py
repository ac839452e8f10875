"""An application of the user's own in containers: what a run makes of the service of a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.catalogue.variables import PORT, of_container
from bench.deploy import ownserver
from bench.deploy.projectimage import OURS, literal
from bench.model import Deployment

_GIVEN = "WSGI_BENCH_GIVEN_"
_REDIS = ("REDIS_HOST", "REDIS_PORT", "REDIS_DB")
# Whose service a line of the user's own gets its limits from.
_USUAL = "gunicorn"


@dataclass(frozen=True)
class Contained:
    """What an application is deployed from.

    Attributes:
        image: with the servers laid over it.
        writable: whether its file system can't be read-only.
        networks: of its services, which its containers join.
        path: PYTHONPATH of the image itself.
        folders: by server, what ends PYTHONPATH.
    """

    image: str
    writable: bool = False
    networks: tuple[str, ...] = ()
    path: str = ""
    folders: Mapping[str, str] = field(default_factory=dict)


def known_service(deployment: Deployment) -> str:
    """The service of the compose file whose limits hold for a deployment."""
    return _USUAL if deployment.server.own else deployment.server.at_service


def service_of(service: Mapping[str, Any], deployment: Deployment, contained: Contained) -> dict[str, Any]:
    """A server's service with the image, the command and the environment of an application of the user's own.

    Values of variables that were given are no part of it: `given` has them for who runs Compose.

    Args:
        service: of the compose file, with its limits.
    """
    project, server = deployment.app.project, deployment.server
    assert project is not None
    words = ownserver.command(deployment, "0.0.0.0", PORT, "")
    started = (*project.starts.get(server.name, words[:1]), *words[1:])
    command = [f"{OURS}/{word}" if word.startswith("servers/") else word for word in started]
    environment = {name: f"${{{_GIVEN}{name}-}}" for name in project.variables}
    # What would steer a server, were it in the image.
    environment |= {"GUNICORN_CMD_ARGS": "", "WEB_CONCURRENCY": str(server.workers or 1)}
    if server.own:
        variables = dict(server.environment)
    else:
        variables = {n: v for n, v in of_container(deployment).items() if n not in _REDIS}
    path = ":".join(filter(None, (contained.path, contained.folders.get(server.name, ""))))
    variables |= {"PORT": str(PORT), "PYTHONUNBUFFERED": "1", **({"PYTHONPATH": path} if path else {})}
    kept = {name: value for name, value in service.items() if name not in ("user", "stop_signal")}
    return {
        **kept,
        "image": contained.image,
        "entrypoint": [literal(command[0])],
        "command": [literal(word) for word in command[1:]],
        "environment": environment | {name: literal(value) for name, value in variables.items()},
        "working_dir": literal(project.root),
        "read_only": not contained.writable,
        "stop_signal": server.stop_signal,
        "stop_grace_period": f"{server.stop_grace_s:g}s",
    }


def given(deployments: tuple[Deployment, ...], shell: Mapping[str, str]) -> dict[str, str]:
    """The variables by which Compose learns the values of those that the user gave their application."""
    projects = [deployment.app.project for deployment in deployments if deployment.app.project is not None]
    return {f"{_GIVEN}{name}": shell[name] for project in projects for name in project.variables}
