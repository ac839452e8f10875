"""What can be measured and how it may be asked: servers, applications, loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.model.project import Project

TIMEOUT_S = 10.0
"""How long one request may take, where the user sets nothing else."""
LoadModel = str
"""The name of a load model, one of `MODELS`."""
Client = Literal["loop", "fasthttp", "locustfile"]


@dataclass(frozen=True)
class LocustUsers:
    """Users of one class of a locust file.

    Attributes:
        name: of the class.
        client: the class of locust's from which it is derived: "HttpUser", "FastHttpUser", or "User" for a
            client of its own.
        number: how many of all users are of this class, as locust deals them out by weight.
        host: what the class itself would ask; empty without. Each server is asked instead.
    """

    name: str
    client: str
    number: int
    host: str = ""


@dataclass(frozen=True)
class LocustFile:
    """A locust file as it was when a run began.

    Attributes:
        name: without its folder.
        sha256: of the file alone, in hexadecimal.
        version: of locust.
        users: the classes whose users make the load.
        user: the one class that was asked for; empty for all.
        tags, exclude_tags: which tasks run, as locust chooses them.
    """

    name: str
    sha256: str
    version: str
    users: tuple[LocustUsers, ...]
    user: str = ""
    tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """One deployable configuration of a WSGI server: a service of `docker-compose.yml`.

    Attributes:
        command: what starts it, the same in a container and as a child process.
        environment: as the compose file says it, `${NAME:-default}` resolved.
        workers, threads: None for a server that runs already, of which only the address is known.
        keep_alive: whether it keeps connections open, by its documentation; None as above.
        concurrency: the model in words, e.g. "1 process, 4 threads".
        default: whether a run without `--servers` measures it.
        docs: address of the documentation that justifies the settings.
        package: the distribution whose version is recorded; empty for the standard library.
        stop_grace_s: seconds from `stop_signal` until it is killed.
        own: whether it is the user's own line, run as it is; placeholders such as `{bind}` stand in it.
        service: the service of the compose file that it is with other settings; empty for itself, and for a
            line of the user's.
        settings: which of "workers" and "threads" `--server` can set.
        for_projects: whether a run of somebody's own application measures it without `--servers`.
    """

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    workers: int | None
    threads: int | None
    keep_alive: bool | None
    concurrency: str
    default: bool
    docs: str
    package: str
    stop_signal: str
    stop_grace_s: float
    own: bool = False
    service: str = ""
    settings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def at_service(self) -> str:
        """The service of the compose file that it is made from."""
        return self.service or self.name

    for_projects: bool = False


@dataclass(frozen=True)
class App:
    """An application under test.

    Attributes:
        callable: `module:callable`, importable from the checkout, or from its own project: there also a
            factory with its arguments, `module:create_app("a", b=1)`.
        scenarios: names of the scenarios that fit it, the preferred first.
        redis: whether it needs Redis.
        seed: command that fills Redis database `$REDIS_DB` before measuring; empty if none.
        project: that it belongs to; None for one of the checkout's.
    """

    name: str
    callable: str
    scenarios: tuple[str, ...]
    redis: bool
    seed: tuple[str, ...]
    project: Project | None = None
