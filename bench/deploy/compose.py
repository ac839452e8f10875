"""Servers in containers: made once for the run, started afresh in each round, gone at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.catalogue.versions import Checkouts
from bench.deploy import contained, identity, images, ownership, ownimages, sourceimages
from bench.deploy.composefile import DRIVER, PORT, REDIS, coming_first, confinement, run_file
from bench.deploy.container import Started, address, nanoseconds, refusal, usage_source
from bench.deploy.engine import Engine
from bench.deploy.logs import clean_lines
from bench.deploy.networks import free_subnets, on_free_subnets
from bench.deploy.outside import OF_THE_HARNESS, Outside
from bench.deploy.project import Project
from bench.deploy.rediscontainer import start_redis
from bench.machine import process
from bench.machine.interrupt import shield
from bench.machine.place import HERE, Place
from bench.machine.usage import memory_bytes
from bench.model import Confinement, CpuSplit, Deployment, Failure, Role, Target, UsageSource
from bench.model.errors import BenchError, StoreError
from bench.model.surroundings import NO_LIMITS, Limits
from bench.model.variant import THIS_CHECKOUT

_SEED_S = 180.0
_STOP_SLACK_S = 30.0
_KILLED = 137


class ComposeRuntime:
    """Deploys as containers of a Compose project of the run's own.

    Args:
        directory: the run's own directory; gets `compose.json` and `logs/`.
        checkouts: what the images are built from, by source.
        say: told what takes long.
        preferred: whether all containers are to come before others.
        place: the engine's machine.
        outside: what an application of the user's own finds around it.
        limits: of each server.
    """

    name = "compose"

    def __init__(
        self,
        directory: Path,
        cpus: CpuSplit,
        deployments: Sequence[Deployment],
        *,
        checkouts: Checkouts,
        engine: Engine,
        say: Callable[[str], None],
        preferred: bool = False,
        place: Place = HERE,
        outside: Outside = OF_THE_HARNESS,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.place = place
        self._outside = outside
        self._limits = limits
        self.docker: str | None = engine.version
        self.images: Mapping[str, str] = {}
        self.versions: Mapping[str, str] = images.locked_versions(checkouts, deployments)
        self._cpus = cpus
        self._deployments = deployments
        self._checkouts = checkouts
        self._engine = engine
        self._say = say
        self._preferred = preferred
        self._project = Project(engine, directory, say)
        self._image_bytes: dict[str, int] = {}
        self._services: Mapping[str, Any] = {}
        self._store: tuple[str, int] | None = None
        self._store_usage: UsageSource | None = None
        self._running: dict[str, Started] = {}
        self._used: set[str] = set()

    def __enter__(self) -> Self:
        try:
            self._prepare()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with shield():
            # What can't be stopped goes with everything else below; the first error is the one to report.
            with contextlib.suppress(BenchError):
                self._stop(list(self._running))
            self._remove()

    def driver_command(self, arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
        command = ["python", "-m", "bench.load.driver", *arguments]
        compose = self._project.command("run", "--rm", "--no-deps", "--no-TTY", DRIVER)
        return [*compose, *command], dict(os.environ)

    def store_address(self) -> tuple[str, int] | None:
        return self._store

    def store_usage(self) -> UsageSource | None:
        return self._store_usage

    def processes(self) -> Sequence[int]:
        # Not by name: the load driver's container has a number of its own.
        try:
            return ownership.processes(self._engine, self._project.run_id)
        except BenchError:
            return ()

    def how_store_ended(self) -> str:
        return self._project.how_ended(REDIS) if self._store is not None else ""

    def asked(self, role: Role, deployment: str = "") -> Confinement | None:
        service = self._services.get({"generator": DRIVER, "store": REDIS}.get(role, deployment))
        return confinement(service) if service is not None else None

    def reset(self) -> None:
        if names := sorted(self._used - self._running.keys()):
            # What an application wrote into its container goes with that.
            self._engine.run("container", "rm", "--force", "--volumes", *map(self._project.container, names))
            self._create(names)
            self._used.difference_update(names)
        self._outside.reset()

    def seed(self, deployment: Deployment) -> None:
        try:
            self._project.run(
                "run", "--rm", "--no-deps", "--no-TTY", "--env", "REDIS_DB=0",
                deployment.name, *deployment.app.seed,
                timeout_s=_SEED_S,
            )  # fmt: skip
        except process.CommandFailed as error:
            raise StoreError(f"Redis could not be filled for {deployment.app.name}: {error}") from None

    def start(self, deployment: Deployment) -> Target | Failure:
        with shield():
            try:
                self._engine.run("start", self._project.container(deployment.name))
                # Three to five milliseconds after `StartedAt`, which is of the engine's wall clock.
                seen_ns = self.place.clock.now_ns()
                state = self._project.inspect(deployment.name)
            except process.CommandFailed as error:
                return Failure(deployment.name, 0, "start", refusal(error.output))
            usage = usage_source(int(state["State"]["Pid"]), str(state["Id"]), self.place)
            self._running[deployment.name] = Started(deployment, usage.pid)
            if deployment.app.project is not None:
                self._used.add(deployment.name)
            started_at = str(state["State"]["StartedAt"])
            self._project.started(deployment.name, started_at)
        return Target(
            deployment=deployment.name,
            url=f"http://{address(state, self._project.network(deployment.name))}:{PORT}",
            usage=usage,
            started_ns=self.place.began_ns(seen_ns, nanoseconds(started_at)),
            cpus=self._cpus.server if self._cpus.apart else (),
        )

    def alive(self, target: Target) -> bool:
        container = self._running.get(target.deployment)
        if container is None:
            return False
        if container.pid:
            # Far cheaper than asking the engine, and asked for between trials.
            return self.place.lives(container.pid)
        return bool(self._project.inspect(target.deployment)["State"]["Running"])

    def listens_elsewhere(self, target: Target) -> str:  # noqa: ARG002
        return ""

    def how_ended(self, target: Target) -> str:
        return self._project.how_ended(target.deployment)

    def memory_bytes(self, target: Target) -> tuple[int | None, int | None]:
        return memory_bytes(target.usage, self.place)

    def image_bytes(self, deployment: Deployment) -> int | None:
        return self._image_bytes.get(deployment.name)

    def log_tail(self, target: Target, lines: int = 20) -> tuple[str, ...]:
        try:
            told = clean_lines(self._project.logs(target.deployment, lines), lines)
        except BenchError:
            return ()
        return tuple(map(self._outside.hide, told))

    def stop(self, targets: Sequence[Target]) -> set[str]:
        with shield():
            return self._stop([target.deployment for target in targets])

    def _prepare(self) -> None:
        for run_id in ownership.clean(self._engine):
            self._say(f"removed what the interrupted run {run_id} had left")
        needs_redis = any(deployment.app.redis for deployment in self._deployments)
        needed = ["PYTHON_IMAGE", *(["REDIS_IMAGE"] if needs_redis else [])]
        root = self._checkouts[THIS_CHECKOUT].root
        bases = images.base_images(self._engine, root, needed, self._say)
        servers = {
            d.server.at_service
            for d in self._deployments
            if d.variant.source == THIS_CHECKOUT and d.app.project is None
        }
        run_id = self._project.run_id
        on_free_subnets(
            lambda: self._make(servers, bases), lambda: ownership.remove_run(self._engine, run_id)
        )
        if needs_redis:
            self._start_store()

    def _make(self, servers: Iterable[str], bases: Mapping[str, str]) -> None:
        file = self._file_of(bases)
        own = self._checkouts[THIS_CHECKOUT]
        built = ownimages.of_checkout(
            self._engine, own, [*servers, DRIVER], self._project.run_id, bases, self._say
        )
        for service in file["services"].values():
            service["image"] = built.get(service["image"], service["image"])
        self._pin_images(file, bases)
        self._project.write(file)
        self._services = file["services"]
        with shield():
            # Bounded, and not to be broken off: what the engine is making then would appear after the sweep.
            self._create([name for name, made in self._services.items() if "profiles" not in made])

    def _create(self, names: Sequence[str]) -> None:
        values = contained.given(tuple(self._deployments), self._outside.shell)
        self._project.create(names, {**os.environ, **values})

    def _file_of(self, bases: Mapping[str, str]) -> dict[str, Any]:
        labels = ownership.labels(self._project.run_id)
        services = sourceimages.of_all(
            self._engine, self._checkouts, self._deployments, self._project.run_id, labels, bases, self._say
        )
        said = self._engine.run("info", "--format", "{{.CgroupVersion}} {{.CgroupDriver}}")
        cgroups, _, driver = said.strip().partition(" ")
        return run_file(
            services,
            self._deployments,
            self._cpus,
            labels,
            self._project.name,
            subnets=free_subnets(self._engine, len(self._deployments)),
            cgroups=cgroups,
            first=coming_first(cgroups, driver) if self._preferred else {},
            contained=self._outside.contained,
            limits=self._limits,
        )

    def _pin_images(self, file: Mapping[str, Any], bases: Mapping[str, str]) -> None:
        base = bases["PYTHON_IMAGE"]
        self.images, self._image_bytes = identity.pin(self._engine, file["services"], self._deployments, base)
        self.versions = {
            **self.versions,
            "base image": base.partition("@")[0],
            "python (containers)": images.python_version(
                self._engine, file["services"][DRIVER]["image"], self._project.run_id
            ),
        }

    def _start_store(self) -> None:
        container = self._project.container(REDIS)
        version = start_redis(self._engine, container, lambda: self._project.logs(REDIS, 20))
        self.versions = {**self.versions, "redis-server": version}
        state = self._project.inspect(REDIS)
        self._store = (address(state), 6379)
        self._store_usage = usage_source(int(state["State"]["Pid"]), str(state["Id"]), self.place)

    def _stop(self, names: Sequence[str]) -> set[str]:
        started = {name: self._running.pop(name) for name in names if name in self._running}
        running = [name for name, state in self._project.states(started).items() if state["Running"]]
        if running:
            grace_s = max(started[name].deployment.server.stop_grace_s for name in running)
            containers = map(self._project.container, running)
            self._engine.run("stop", *containers, timeout_s=grace_s + _STOP_SLACK_S)
        states = self._project.states(started)
        for name, state in states.items():
            self._project.keep_log(name)
            self._project.ended(name, str(state["FinishedAt"]))
        return {name for name in running if states[name]["ExitCode"] != _KILLED}

    def _remove(self) -> None:
        with shield():
            try:
                if self._store is not None:
                    self._project.keep_log(REDIS)
                ownership.remove_run(self._engine, self._project.run_id)
            except BenchError as error:
                self._say(f"not everything could be removed ({error}); `wsgi-bench clean` does it later")
