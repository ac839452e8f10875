"""The user's own PostgreSQL, Redis or whatever their compose file has, up while a run lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.deploy.engine import Engine, find_engine, leading_there
from bench.machine import process
from bench.machine.interrupt import shield
from bench.model.errors import EngineError, UsageError

_UP_S = 600.0
_DOWN_S = 120.0


@contextmanager
def services(
    file: Path, name: str, environment: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[None]:
    """All services of a compose file, up and healthy while the block lasts; their volumes end with them.

    Args:
        name: of the Compose project, by which they are none of the user's own that run already.

    Raises:
        UsageError: the file can't be read, or they don't come up; has the end of what Compose said.
        EngineError: there is no Docker engine.
    """
    engine = find_engine(f"or start what {file.name} has yourself, and leave --services out.")
    environment = leading_there(environment)
    command = [*engine.compose, "--file", str(file), "--project-name", name]
    try:
        say(f"starting the services of {file.name}")
        try:
            process.run(
                [*command, "up", "--detach", "--wait", "--quiet-pull"],
                environment=environment,
                cwd=file.parent,
                timeout_s=_UP_S,
                merge_errors=True,
            )
        except process.CommandFailed as error:
            last = [line for line in error.output.strip().splitlines() if line.strip()][-3:]
            raise UsageError(f"--services {file}: they don't come up: {' '.join(last)}") from None
        ended = process.run(
            [*command, "ps", "--all", "--quiet", "--status", "exited"],
            environment=environment,
            cwd=file.parent,
        )
        for container in ended.split():
            _see_how_it_ended(engine, container, file)
        yield
    except BaseException:
        if left := _down(command, file, environment):
            say(left)
        raise
    if left := _down(command, file, environment):
        raise EngineError(left)


def _down(command: list[str], file: Path, environment: Mapping[str, str]) -> str:
    """End them and their volumes; that they are left behind, if they couldn't be ended."""
    with shield():
        down = [*command, "down", "--volumes", "--remove-orphans", "--timeout", "5"]
        try:
            process.run(down, environment=environment, cwd=file.parent, timeout_s=_DOWN_S, merge_errors=True)
        except process.CommandFailed as error:
            return f"The services of {file} are left behind: {error} End them yourself."
    return ""


def _see_how_it_ended(engine: Engine, container: str, file: Path) -> None:
    """Compose waits for health, and is content with a service that ends before.

    Raises:
        UsageError: it has failed. One that has done its work is none that is missed.
    """
    template = '{{.State.ExitCode}} {{index .Config.Labels "com.docker.compose.service"}}'
    code, _, service = engine.run("inspect", "--format", template, container).strip().partition(" ")
    if code != "0":
        last = engine.run("logs", "--tail", "3", container, merge_errors=True).split("\n")
        raise UsageError(
            f"--services {file}: {service} ended with exit code {code}: {' '.join(filter(None, last))}"
        )


def networks(engine: Engine, name: str) -> tuple[str, ...]:
    """The networks of a Compose project."""
    wanted = f"label=com.docker.compose.project={name}"
    return tuple(engine.run("network", "ls", "--filter", wanted, "--format", "{{.Name}}").split())
