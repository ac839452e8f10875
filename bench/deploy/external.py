"""HTTP servers that run already: nothing is started, nothing is stopped, nothing of theirs can be read."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.errors import UsageError
from bench.going_on import URL_VARIABLE
from bench.model import CpuSplit, Deployment, Failure, Server, Target, UsageSource
from bench.origin import sent


class ExternalRuntime:
    """Measures `--target NAME=URL`; the URL stands in the server's environment as `URL`."""

    name = "external"
    docker: str | None = None

    def __init__(
        self,
        directory: Path,  # noqa: ARG002
        cpus: CpuSplit,  # noqa: ARG002
        deployments: Sequence[Deployment],
    ) -> None:
        self.images: Mapping[str, str] = {}
        self.versions: Mapping[str, str] = {}
        for deployment in deployments:
            if not deployment.server.environment.get(URL_VARIABLE):
                raise UsageError(f"The target {deployment.server.name} has no URL.")

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

    def seed(self, deployment: Deployment) -> None:
        raise UsageError(f"{deployment.server.name} runs already: its data is not the harness's to change.")

    def start(self, deployment: Deployment) -> Target | Failure:
        return Target(
            deployment=deployment.name,
            url=sent(deployment.server.environment[URL_VARIABLE]),
            usage=UsageSource("none"),
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
