"""Which runtime: containers where a Docker engine answers, child processes otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.deploy import Runtime
from bench.deploy.external import ExternalRuntime
from bench.deploy.local import LocalRuntime
from bench.model import CpuSplit, Plan


def open_runtime(
    plan: Plan, root: Path, directory: Path, cpus: CpuSplit, say: Callable[[str], None]
) -> Runtime:
    """The runtime that a plan names; nothing is started before it is entered.

    Args:
        root: the checkout.
        directory: the run's own.
        say: told what takes long, such as building images.

    Raises:
        EngineError: it needs a Docker engine, and none answers.
        StoreError: it needs redis-server, and there is none.
    """
    if plan.runtime == "external":
        return ExternalRuntime(directory, cpus, plan.deployments)
    return LocalRuntime(directory, cpus, plan.deployments, root=root)
