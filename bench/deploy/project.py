"""A run's containers, by the service that each is of: the engine is told and asked of them here."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.deploy import ownership
from bench.deploy.container import end_of, nanoseconds
from bench.deploy.engine import Engine
from bench.deploy.logs import keep_log
from bench.machine import process
from bench.model.errors import BenchError, EngineError

_CREATE_S = 120.0
_KEPT_LINES = 5000


class Project:
    """The Compose project of one run.

    Args:
        directory: the run's own; gets `compose.json` and `logs/`.
        say: told what of it goes wrong and ends nothing.
    """

    def __init__(self, engine: Engine, directory: Path, say: Callable[[str], None]) -> None:
        self.run_id = secrets.token_hex(4)
        self.name = f"wsgi-bench-{self.run_id}"
        self._engine = engine
        self._directory = directory
        self._say = say
        self._file = directory / "compose.json"
        # When a service last ended, as the engine writes it: what it logged since is of its last start.
        # `StartedAt` is too late for that, a container's first lines are older.
        self._ended: dict[str, str] = {}

    def write(self, file: Mapping[str, Any]) -> None:
        """Write the compose file, which everything else needs."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(file, indent=1))

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.name}-{service}"

    def network(self, service: str) -> str:
        """The name of the network that a server has for itself."""
        return f"{self.name}_{service}"

    def command(self, *arguments: str) -> list[str]:
        """The command line of `docker compose ARGUMENTS`."""
        return [*self._engine.compose, *self._arguments(*arguments)]

    def run(self, *arguments: str, timeout_s: float, environment: Mapping[str, str] | None = None) -> None:
        """Run `docker compose ARGUMENTS`; raises as `Engine.run` does."""
        self._engine.run_compose(*self._arguments(*arguments), timeout_s=timeout_s, environment=environment)

    def create(self, services: Sequence[str], environment: Mapping[str, str]) -> None:
        """Make the containers of services, and the networks that they are on.

        Raises:
            EngineError: one couldn't be made.
        """
        asked = self._arguments("create", "--pull", "never", *services)
        try:
            said = self._engine.run_compose(
                *asked, environment=environment, timeout_s=_CREATE_S, merge_errors=True
            )
        except process.CommandFailed as error:
            said = error.output
        # Compose 2.40 ends with 0 all the same.
        if missing := set(map(self.container, services)) - self._containers():
            reason = said.strip().splitlines()[-1:] or ["it doesn't say why"]
            raise EngineError(f"Docker Compose can't make {', '.join(sorted(missing))}: {reason[0]}")

    def _containers(self) -> set[str]:
        """The names of those that there are."""
        ours = ("--filter", f"label={ownership.RUN_LABEL}={self.run_id}", "--format", "{{.Names}}")
        return set(self._engine.run("container", "ls", "--all", *ours).split())

    def inspect(self, service: str) -> Mapping[str, Any]:
        """What the engine knows of a service's container."""
        return self._inspect([service])[0]

    def states(self, services: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """The `State` of each service's container."""
        names = list(services)
        return {name: inspected["State"] for name, inspected in zip(names, self._inspect(names), strict=True)}

    def how_ended(self, service: str) -> str:
        """How a container ended; empty while it runs, and where that isn't known."""
        try:
            return end_of(self.inspect(service)["State"])
        except BenchError:
            return ""

    def started(self, service: str, at: str) -> None:
        """Note when a container was started, as the engine writes it."""
        if service in self._ended and nanoseconds(at) < nanoseconds(self._ended[service]):
            # The engine's clock was set back: what is logged from now on is older than the last end.
            del self._ended[service]

    def ended(self, service: str, at: str) -> None:
        """Note when a container ended, as the engine writes it."""
        self._ended[service] = at

    def logs(self, service: str, lines: int) -> str:
        """The last lines that a service printed since its last start."""
        since = ["--since", self._ended[service]] if service in self._ended else []
        options = ["--tail", str(lines), *since]
        return self._engine.run("logs", *options, self.container(service), merge_errors=True)

    def keep_log(self, service: str) -> None:
        """Add what a service printed since its last start to its log."""
        try:
            keep_log(self._directory, service, self.logs(service, _KEPT_LINES))
        except BenchError as error:
            # What was measured counts without it.
            self._say(f"the log of {service} could not be kept: {error}")

    def _inspect(self, services: list[str]) -> list[Mapping[str, Any]]:
        """What the engine knows of their containers, in their order."""
        if not services:
            return []
        containers = map(self.container, services)
        inspected: list[Mapping[str, Any]] = json.loads(
            self._engine.run("inspect", "--type", "container", *containers)
        )
        return inspected

    def _arguments(self, *arguments: str) -> list[str]:
        return ["--project-name", self.name, "--file", str(self._file), *arguments]
