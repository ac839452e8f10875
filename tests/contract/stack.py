"""Every server of the compose file in one runtime, and a Redis that can be taken from them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import psutil

from bench.catalogue.registry import load_apps, load_servers
from bench.deploy import Runtime
from bench.deploy.engine import Engine
from bench.model import App, Deployment, Server, Target
from tests.contract.client import ask
from tests.patience import HANGS_S
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
APPS = load_apps(ROOT / "apps/apps.toml")
HELLO, SHORTLY = APPS["hello"], APPS["shortly"]
MISSING = App("missing", "apps.hello.wsgi:missing", ("hello",), redis=False, seed=())
DEPLOYMENTS = {
    (server.name, app.name): Deployment(f"{server.name}.{app.name}", server, app, number)
    for number, (server, app) in enumerate(
        ((server, app) for server in SERVERS.values() for app in (HELLO, SHORTLY, MISSING)), start=1
    )
}


class Redis(Protocol):
    """The Redis of a runtime, as something that fails."""

    def stop(self) -> None: ...

    def start(self) -> None: ...


class Containers:
    """What the engine says of a run's containers, and does to its Redis."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self._project = json.loads((directory / "compose.json").read_text())["name"]

    def inspect(self, service: str) -> Mapping[str, Any]:
        (state,) = json.loads(self._engine.run("inspect", f"{self._project}-{service}"))
        return dict(state)

    def execute(self, service: str, *command: str) -> str:
        return self._engine.run("exec", f"{self._project}-{service}", *command)

    def stop(self) -> None:
        self._engine.run("stop", f"{self._project}-redis")

    def start(self) -> None:
        self._engine.run("start", f"{self._project}-redis")


def take_over_redis(runtime: Runtime, directory: Path) -> RedisServer:
    """End the local runtime's Redis, and return one for the same port that the tests stop and start."""
    address = runtime.store_address()
    assert address is not None
    (child,) = [
        child
        for child in psutil.Process().children()
        if any(connection.laddr[1] == address[1] for connection in child.net_connections("tcp"))
    ]
    child.terminate()
    child.wait(HANGS_S)
    return RedisServer(directory, *address)


class Stack:
    """The deployments of one runtime: started when first asked for, kept for the tests that follow.

    Attributes:
        containers: None where there are none.
        urls: where this machine reaches a deployment, if not where the driver does.
    """

    def __init__(
        self,
        runtime: Runtime,
        directory: Path,
        redis: Redis,
        containers: Containers | None,
        urls: Mapping[str, str],
    ) -> None:
        self.runtime = runtime
        self.directory = directory
        self.redis = redis
        self.containers = containers
        self.urls = urls
        self._answering: dict[str, Target] = {}

    def start(self, server: Server, app: App) -> Target:
        """Start a deployment, without waiting for an answer."""
        target = self.runtime.start(DEPLOYMENTS[server.name, app.name])
        assert isinstance(target, Target), target
        return replace(target, url=self.urls.get(target.deployment, target.url))

    def answering(self, server: Server, app: App) -> Target:
        """A deployment that answers: the one that runs, or a new one."""
        name = DEPLOYMENTS[server.name, app.name].name
        if name not in self._answering:
            target = self.start(server, app)
            self._wait(target)
            self._answering[name] = target
        return self._answering[name]

    def stop(self, target: Target) -> bool:
        self._answering.pop(target.deployment, None)
        return bool(self.runtime.stop([target]))

    def _wait(self, target: Target) -> None:
        deadline = time.monotonic() + HANGS_S
        while True:
            try:
                assert ask(target.url, "/-/live").status == 200
                return
            except OSError:
                assert self.runtime.alive(target), self.runtime.log_tail(target)
                assert time.monotonic() < deadline, self.runtime.log_tail(target)
                time.sleep(0.02)
