"""HTTP servers that run already: nothing is started, nothing is stopped.

Of one behind a unix socket the kernel says which process listens there: its CPU time and memory are read.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.catalogue.consent import Addresses, look_up
from bench.catalogue.origin import fault, sent, socket_path
from bench.machine.ours import environment_of_ours
from bench.machine.place import HERE
from bench.machine.usage import memory_bytes
from bench.model import Confinement, CpuSplit, Deployment, Failure, Plan, Role, Server, Target, UsageSource
from bench.model.errors import UsageError
from bench.model.problems import Problems

URL_VARIABLE = "URL"
_ASKING_S = 1.0
# struct ucred of unix(7): process, user, group.
_UCRED = struct.Struct("iII")


def target_server(name: str, url: str) -> Server:
    """A server that runs already, of which nothing but its address is known."""
    return Server(
        name=name,
        title=name,
        command=(),
        environment={URL_VARIABLE: url},
        workers=None,
        threads=None,
        keep_alive=None,
        concurrency="not known",
        default=True,
        docs="",
        package="",
        stop_signal="",
        stop_grace_s=0.0,
    )


def urls(plan: Plan) -> Mapping[str, str]:
    """The URLs of a plan's servers that run already, by name."""
    servers = [deployment.server for deployment in plan.deployments]
    return {s.name: s.environment[URL_VARIABLE] for s in servers if URL_VARIABLE in s.environment}


def find_addresses(plan: Plan, *, beyond: bool) -> Mapping[str, Addresses]:
    """Where the load of a stored plan may go, which a stranger may have written.

    Args:
        beyond: whether that may be another machine.

    Raises:
        UsageError: it may not, or there is no such place.
    """
    if plan.runtime != "external":
        return {}
    targets = urls(plan)
    with Problems() as problems:
        problems.note(
            *(f"The target {name}={url} {why}." for name, url in targets.items() if (why := fault(url)))
        )
    addresses: dict[str, Addresses] = {}
    with Problems() as problems:
        for name, url in targets.items():
            with problems.collected():
                addresses[name] = look_up(name, url, allowed=beyond)
    return addresses


def _listener(path: str) -> int | None:
    """The process that listens on a unix socket; None where that can't be known.

    A socket that systemd has opened for a service is said to be of process 1, whose children are everybody.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.settimeout(_ASKING_S)
            asking.connect(path)
            pid, _, _ = _UCRED.unpack(asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    except OSError:
        return None
    return pid if pid > 1 and HERE.lives(pid) else None


class ExternalRuntime:
    """Measures `--target NAME=URL`; the URL stands in the server's environment as `URL`.

    Args:
        addresses: behind each server's host, by its name, as `consent.look_up` has checked them. Load goes to
            these: what the name leads to later nobody has looked at.
    """

    name = "external"
    docker: str | None = None
    place = HERE

    def __init__(
        self,
        directory: Path,  # noqa: ARG002
        cpus: CpuSplit,
        deployments: Sequence[Deployment],
        addresses: Mapping[str, Addresses],
    ) -> None:
        self.images: Mapping[str, str] = {}
        self.versions: Mapping[str, str] = {}
        self._cpus = cpus
        for deployment in deployments:
            if not deployment.server.environment.get(URL_VARIABLE):
                raise UsageError(f"The target {deployment.server.name} has no URL.")
        self._addresses = addresses

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def driver_command(self, arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
        return [sys.executable, "-m", "bench.load.driver", *arguments], environment_of_ours()

    def store_address(self) -> tuple[str, int] | None:
        return None

    def store_usage(self) -> UsageSource | None:
        return None

    def processes(self) -> Sequence[int]:
        return ()

    def how_store_ended(self) -> str:
        return ""

    def asked(self, role: Role, deployment: str = "") -> Confinement | None:  # noqa: ARG002
        return Confinement(self._cpus.generator) if role == "generator" else None

    def reset(self) -> None:
        """Nothing here is of the user's own application."""

    def seed(self, deployment: Deployment) -> None:
        raise UsageError(f"{deployment.server.name} runs already: its data is not the harness's to change.")

    def start(self, deployment: Deployment) -> Target | Failure:
        url = deployment.server.environment[URL_VARIABLE]
        path = socket_path(url)
        pid = _listener(path) if path else None
        return Target(
            deployment=deployment.name,
            url=sent(url),
            usage=UsageSource("processes", pid=pid) if pid else UsageSource("none"),
            addresses=self._addresses[deployment.server.name],
            socket=path,
        )

    def alive(self, target: Target) -> bool:  # noqa: ARG002
        return True

    def listens_elsewhere(self, target: Target) -> str:  # noqa: ARG002
        return ""

    def how_ended(self, target: Target) -> str:  # noqa: ARG002
        return ""

    def memory_bytes(self, target: Target) -> tuple[int | None, int | None]:
        return memory_bytes(target.usage, self.place)

    def image_bytes(self, deployment: Deployment) -> int | None:  # noqa: ARG002
        return None

    def log_tail(self, target: Target, lines: int = 20) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def stop(self, targets: Sequence[Target]) -> set[str]:
        return {target.deployment for target in targets}
