"""Servers as child processes of the harness: the compose file's commands, without containers."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.catalogue.versions import Checkouts
from bench.deploy import cgroup, limiting, ownserver
from bench.deploy.composefile import NULL
from bench.deploy.logs import last_lines, log_path
from bench.deploy.outside import OF_THE_HARNESS, Outside
from bench.deploy.packages import installed
from bench.deploy.redishost import RedisHost
from bench.deploy.redisprocess import RedisProcess, redis_version
from bench.deploy.starting import Start, start_of
from bench.machine import priority, process
from bench.machine.interrupt import shield
from bench.machine.marked import end_marked
from bench.machine.ours import environment_of_ours
from bench.machine.place import HERE, Place
from bench.machine.usage import members, memory_of, oom_kills
from bench.model import Confinement, CpuSplit, Deployment, Failure, Role, Target, UsageSource
from bench.model.errors import StoreError
from bench.model.surroundings import NO_LIMITS, Limits

_SEED_S = 120.0


@dataclass
class _Running:
    """A started server.

    Attributes:
        log_start: bytes that the log had before.
        listens: the address that it was given: "127.0.0.1:40123", or the path of a unix socket.
        group: its own cgroup, where it could get one.
    """

    deployment: Deployment
    child: subprocess.Popen[bytes]
    log_start: int
    listens: str
    group: cgroup.Cgroup | None

    @property
    def usage(self) -> UsageSource:
        """Where its CPU time is read, and which processes it has."""
        pid = self.child.pid
        return replace(self.group.source, pid=pid) if self.group else UsageSource("processes", pid=pid)


class LocalRuntime:
    """Deploys as child processes, each server on a free port of its place's address.

    Args:
        directory: the run's own directory, gets `logs/` and Redis's log.
        checkouts: in which the commands run, by source.
        preferred: whether servers and Redis are to come before other programs.
        place: where they run; as long as there is no other, this machine.
        address: on which servers listen, if other hosts ask them; Redis listens on its place's in any case.
        redis: host and port of one that runs already; None to start one.
        outside: what applications find around them.
        limits: of each server.
    """

    name = "local"
    docker: str | None = None

    def __init__(
        self,
        directory: Path,
        cpus: CpuSplit,
        deployments: Sequence[Deployment],
        *,
        checkouts: Checkouts,
        preferred: bool = False,
        place: Place = HERE,
        address: str = "",
        redis: tuple[str, int] | None = None,
        outside: Outside = OF_THE_HARNESS,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.place = place
        self._served = replace(place, address=address or place.address)
        self._outside = outside
        self._limits = limits
        self.images: Mapping[str, str] = {}
        self.versions: Mapping[str, str] = installed(deployments)
        self._directory = directory
        self._cpus = cpus
        self._checkouts = checkouts
        self._preferred = preferred
        self._running: dict[str, _Running] = {}
        self._store: RedisProcess | RedisHost | None = None
        # A run's own directory may have a longer path than a unix socket's may be.
        self._sockets: Path | None = None
        stored = [deployment.database for deployment in deployments if deployment.app.redis]
        if stored and redis is not None:
            self._store = RedisHost(redis, max(stored) + 1)
        elif stored:
            self._store = RedisProcess(directory, cpus.store, place, self._priority("store"))
            self.versions = {**self.versions, "redis-server": redis_version()}

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        cgroup.remove_leftovers(self.place)
        limiting.require(self._limits, self.place)
        if self._store is not None:
            self._store.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with shield():
            self._stop(list(self._running))
            if self._sockets is not None:
                shutil.rmtree(self._sockets, ignore_errors=True)
            if self._store is not None:
                self._store.__exit__(kind, error, trace)

    def driver_command(self, arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
        return [sys.executable, "-m", "bench.load.driver", *arguments], environment_of_ours()

    def store_address(self) -> tuple[str, int] | None:
        return self._store.address if self._store is not None else None

    def store_usage(self) -> UsageSource | None:
        pid = self._store.pid if self._store is not None else None
        return UsageSource("processes", pid=pid) if pid else None

    def processes(self) -> Sequence[int]:
        return ()

    def how_store_ended(self) -> str:
        return self._store.how_ended() if self._store is not None else ""

    def asked(self, role: Role, deployment: str = "") -> Confinement | None:  # noqa: ARG002
        asked = self._priority(role)
        weight = priority.WEIGHT if asked.nice else None
        limits = self._limits if role == "server" else NO_LIMITS
        whole = limiting.whole_cpus(limits)
        return Confinement(
            getattr(self._cpus, role)[:whole],
            limits.memory_bytes,
            quota_cpus=None if whole else limits.cpus,
            weight=weight,
            realtime=asked.realtime,
        )

    def seed(self, deployment: Deployment) -> None:
        start = self._start_of(deployment, self._served.free_port(), database=0)
        try:
            process.run(
                self.place.command(deployment.app.seed),
                environment=start.environment,
                cwd=start.folder,
                timeout_s=_SEED_S,
            )
        except (process.CommandFailed, FileNotFoundError) as error:
            raise StoreError(f"Redis could not be filled for {deployment.app.name}: {error}") from None

    def reset(self) -> None:
        self._outside.reset()

    def start(self, deployment: Deployment) -> Target | Failure:
        port = self._served.free_port()
        folder = self._folder(deployment, port)
        socket = ownserver.socket_in(folder, deployment)
        listens = socket or f"{self._served.address}:{port}"
        path = log_path(self._directory, deployment.name)
        start = self._start_of(deployment, port, deployment.database, socket)
        with shield(), path.open("ab") as log:
            log_start = log.tell()
            # What it answers tells what the generator can do.
            limits = NO_LIMITS if deployment.server.name == NULL else self._limits
            group = limiting.limited(cgroup.make(self.place), limits, self.place)
            started_ns = self.place.clock.now_ns()
            try:
                child = process.spawn(
                    self.place.command(start.command),
                    environment={**start.environment, **ownserver.variables(deployment, listens, folder)},
                    cwd=start.folder,
                    cpus=self._cpus.server[: limiting.whole_cpus(limits)],
                    cgroups=group.doors if group else (),
                    priority=self._priority("server"),
                    stdout=log,
                )
            except (FileNotFoundError, PermissionError) as error:
                if group:
                    group.remove()
                reason = f"`{start.command[0]}` can't be started ({error.strerror}); is it installed?"
                return Failure(deployment.name, 0, "start", reason)
            if group and not group.holds(child.pid):
                group.remove()
                group = None
            running = self._running[deployment.name] = _Running(deployment, child, log_start, listens, group)
        return Target(
            deployment=deployment.name,
            url="http://localhost" if socket else f"http://{self._served.address}:{port}",
            usage=running.usage,
            started_ns=started_ns,
            cpus=self._cpus.server if self._cpus.apart else (),
            socket=socket,
        )

    def start_of(self, deployment: Deployment) -> Start:
        """What its process would be started with, on an address that nobody has."""
        return self._start_of(deployment, self._served.free_port(), deployment.database)

    def alive(self, target: Target) -> bool:
        running = self._running.get(target.deployment)
        return running is not None and running.child.poll() is None

    def listens_elsewhere(self, target: Target) -> str:
        running = self._running.get(target.deployment)
        if running is None or not running.deployment.server.own:
            return ""
        return ownserver.elsewhere(running.deployment, running.child.pid, running.listens, self.place)

    def how_ended(self, target: Target) -> str:
        running = self._running.get(target.deployment)
        code = running.child.poll() if running is not None else None
        if running is None or code is None:
            return ""
        killed = self._limits.memory_bytes and oom_kills(running.usage, self.place)
        return process.how_ended(code, "it had used up its memory (--memory)" if killed else "")

    def memory_bytes(self, target: Target) -> tuple[int | None, int | None]:
        # Of the processes, with a cgroup too: a cgroup's memory has the page cache of the programs in it. But
        # a cgroup knows those that have left the process tree (daemons).
        running = self._running.get(target.deployment)
        if running is None:
            return None, None
        return memory_of(members(running.usage, self.place), self.place)

    def image_bytes(self, deployment: Deployment) -> int | None:  # noqa: ARG002
        return None

    def log_tail(self, target: Target, lines: int = 20) -> tuple[str, ...]:
        running = self._running.get(target.deployment)
        start = running.log_start if running is not None else 0
        told = last_lines(log_path(self._directory, target.deployment), lines, start)
        return tuple(map(self._outside.hide, told))

    def stop(self, targets: Sequence[Target]) -> set[str]:
        with shield():
            return self._stop([target.deployment for target in targets])

    def _stop(self, names: Sequence[str]) -> set[str]:
        running = {name: self._running.pop(name) for name in names if name in self._running}
        dead = {name for name, server in running.items() if server.child.poll() is not None}
        ended = process.stop_all(
            [
                (r.child, signal.Signals[r.deployment.server.stop_signal], r.deployment.server.stop_grace_s)
                for r in running.values()
            ]
        )
        for server in running.values():
            if ownserver.is_marked(server.deployment):
                end_marked(ownserver.LISTEN, server.listens)
            if server.group:
                server.group.remove()
        return {name for name, clean in zip(running, ended, strict=True) if clean} - dead

    def _priority(self, role: Role) -> priority.Priority:
        return priority.of(role, self._cpus) if self._preferred else priority.NONE

    def _start_of(self, deployment: Deployment, port: int, database: int, socket: str = "") -> Start:
        return start_of(
            deployment,
            self._checkouts,
            self._outside.shell,
            port,
            database,
            self.store_address(),
            self._served.address,
            socket,
        )

    def _folder(self, deployment: Deployment, port: int) -> Path | None:
        """A server's own folder for sockets, if it wants one."""
        if not ownserver.wants_folder(deployment):
            return None
        self._sockets = self._sockets or Path(tempfile.mkdtemp(prefix="wsgi-bench-"))
        folder = self._sockets / str(port)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
