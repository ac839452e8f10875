"""HTTP servers that run already: nothing is started, nothing is stopped, nothing of theirs can be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.catalogue.consent import Addresses, look_up
from bench.catalogue.origin import fault, sent
from bench.machine.place import HERE
from bench.model import Confinement, CpuSplit, Deployment, Failure, Plan, Role, Server, Target, UsageSource
from bench.model.errors import UsageError
from bench.model.problems import Problems

URL_VARIABLE = "URL"


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
        return [sys.executable, "-m", "bench.load.driver", *arguments], dict(os.environ)

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

    def seed(self, deployment: Deployment) -> None:
        raise UsageError(f"{deployment.server.name} runs already: its data is not the harness's to change.")

    def start(self, deployment: Deployment) -> Target | Failure:
        return Target(
            deployment=deployment.name,
            url=sent(deployment.server.environment[URL_VARIABLE]),
            usage=UsageSource("none"),
            addresses=self._addresses[deployment.server.name],
        )

    def alive(self, target: Target) -> bool:  # noqa: ARG002
        return True

    def how_ended(self, target: Target) -> str:  # noqa: ARG002
        return ""

    def memory_bytes(self, target: Target) -> tuple[int | None, int | None]:  # noqa: ARG002
        return None, None

    def image_bytes(self, deployment: Deployment) -> int | None:  # noqa: ARG002
        return None

    def log_tail(self, target: Target, lines: int = 20) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def stop(self, targets: Sequence[Target]) -> set[str]:
        return {target.deployment for target in targets}
