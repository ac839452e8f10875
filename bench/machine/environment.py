"""The machine that a result belongs to, and who gets which of its CPUs."""

from __future__ import annotations

import hmac
import importlib.metadata
import os
import platform
import socket
from collections.abc import Mapping
from pathlib import Path

import psutil

from bench.machine import cgroups, kernel, topology
from bench.machine.dealing import deal
from bench.machine.place import HERE, Place
from bench.model import CpuSplit, Environment, MeasuredCode
from bench.model.errors import UsageError

_HARNESS_PACKAGES = ("wsgi-bench", "locust", "gevent", "hdrhistogram", "redis", "numpy", "scipy")


def split_cpus(place: Place = HERE, *, server: int | None = None, elsewhere: bool = False) -> CpuSplit:
    """Share out the CPUs of a place that this process may use: the server under test, the generator, Redis.

    Args:
        server: how many the server is to have; None for its usual share.
        elsewhere: whether load generators run on other hosts.

    Raises:
        UsageError: that many would leave none for the others.
    """
    cores = topology.cores(place)
    usable = sum(len(core.cpus) for core in cores)
    if server is not None and server >= usable:
        at_most = f"Give them at most {usable - 1}, or run" if usable > 1 else "Run"
        others = "harness and Redis" if elsewhere else "load generator"
        raise UsageError(
            f"--server-cpus {server} leaves none of the {usable} CPUs that may be used here for the "
            f"{others}. {at_most} where there are more."
        )
    return deal(cores, server, elsewhere=elsewhere)


def require_cpus(cpus: CpuSplit, directory: Path) -> None:
    """See that the CPUs of the run that is stored in a directory can be used.

    Raises:
        UsageError: some can't.
    """
    if not hasattr(os, "sched_getaffinity"):
        return
    usable = os.sched_getaffinity(0)
    if missing := {*cpus.server, *cpus.generator, *cpus.store} - usable:
        raise UsageError(
            f"{directory} was measured on CPUs that can't be used here: {_listed(missing)} (usable are "
            f"{_listed(usable)}). Resume it on its own machine with all of its CPUs (`taskset`, "
            f"`docker run --cpuset-cpus`), or start a new run."
        )


def stay_on(cpus: CpuSplit) -> None:
    """Keep the harness itself off the server's CPUs."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus.generator)


def describe(
    *,
    runtime: str,
    docker: str | None,
    versions: Mapping[str, str],
    images: Mapping[str, str],
    cpu_split: CpuSplit,
    notes: tuple[str, ...],
    measured: MeasuredCode | None = None,
) -> Environment:
    """This machine, with what the runtime knows of itself.

    Args:
        notes: what on it may spoil the figures, a sentence each.
    """
    return Environment(
        cpu_model=kernel.cpu_model(HERE) or platform.processor() or platform.machine(),
        cpus=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        kernel=f"{platform.system()} {platform.release()}",
        os=_os_name(),
        host=socket.gethostname(),
        python=platform.python_version(),
        runtime=runtime,
        docker=docker,
        versions={**_own_versions(), **versions},
        images=images,
        cpu_split=cpu_split,
        notes=notes,
        measured=measured,
        machine=_machine(),
        cgroups=cgroups.version(HERE),
    )


def _listed(cpus: set[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _machine(number: Path = Path("/etc/machine-id")) -> str | None:
    """Which installation this is, as a hash: the number itself is confidential.

    https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
    """
    try:
        content = number.read_bytes().strip()
    except OSError:
        return None
    return hmac.new(content, b"wsgi-bench", "sha256").hexdigest()[:16] if content else None


def _own_versions() -> dict[str, str]:
    versions = {}
    for package in _HARNESS_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
