"""Ways to deploy: containers, child processes, or what already runs. One Protocol for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

from bench.machine.place import Place
from bench.model import Confinement, Deployment, Failure, Role, Target, UsageSource


class Runtime(Protocol):
    """Deploys servers and knows where the driver and Redis live.

    A context manager: entering prepares what all rounds share (images, network, Redis), leaving
    ends everything that was started, whatever happened. Readiness is not its business: the
    runner asks the driver, which sits where the load comes from.

    Attributes:
        name: "compose", "local" or "external".
        images: identity of the image of each server, of Redis, the driver and their base; empty without
            containers.
        versions: distribution name to version of the packages that serve.
        docker: the engine's version, or None.
        place: where the servers run; what is read of them is read there, and `Target.started_ns` is of its
            clock.
    """

    name: str
    place: Place
    images: Mapping[str, str]
    versions: Mapping[str, str]
    docker: str | None

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def driver_command(self, arguments: Sequence[str]) -> tuple[Sequence[str], Mapping[str, str]]:
        """The command and environment that start `python -m bench.load.driver ARGUMENTS`.

        It runs where load must come from.
        The driver speaks JSON lines over its standard input and output.
        """
        ...

    def store_address(self) -> tuple[str, int] | None:
        """Host and port of Redis as the driver reaches it; None if no app needs it."""
        ...

    def store_usage(self) -> UsageSource | None:
        """Where the processes of Redis are found; None without one that this runtime has started."""
        ...

    def processes(self) -> Sequence[int]:
        """The first processes of what this runtime has started that is no child of the harness's."""
        ...

    def how_store_ended(self) -> str:
        """How Redis ended, e.g. "was killed by SIGKILL"; empty while it runs, and where that isn't known."""
        ...

    def asked(self, role: Role, deployment: str = "") -> Confinement | None:
        """What the processes of a role are to be confined to; None for what this runtime doesn't start."""
        ...

    def reset(self) -> None:
        """Put back what the user's own application has written; before each round, when no server runs.

        Raises:
            StoreError: it can't be.
        """
        ...

    def seed(self, deployment: Deployment) -> None:
        """Run the app's seed command once against Redis database 0, in this deployment's environment.

        Raises:
            StoreError: it failed.
        """
        ...

    def start(self, deployment: Deployment) -> Target | Failure:
        """Start one deployment and return at once, without waiting until it answers."""
        ...

    def alive(self, target: Target) -> bool:
        """Whether its main process still runs."""
        ...

    def listens_elsewhere(self, target: Target) -> str:
        """What is wrong if it listens somewhere, but not at the address that it was given; else empty."""
        ...

    def how_ended(self, target: Target) -> str:
        """How its main process ended, e.g. "was killed by SIGTERM"; empty if that isn't known."""
        ...

    def memory_bytes(self, target: Target) -> tuple[int | None, int | None]:
        """Current and highest memory of a deployment, where they can be read."""
        ...

    def image_bytes(self, deployment: Deployment) -> int | None:
        """Size of the deployment's container image; None without containers."""
        ...

    def log_tail(self, target: Target, lines: int = 20) -> tuple[str, ...]:
        """The last lines that the server printed, cleaned of control characters."""
        ...

    def stop(self, targets: Sequence[Target]) -> set[str]:
        """Stop all of these at once, gracefully; kill each after its server's grace.

        A log (of a container the last few thousand lines of each round) is kept as
        `logs/<deployment>.log` in the run's directory; one that can't be read is no error.

        Returns:
            The deployments that ended cleanly by themselves.
        """
        ...
