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
from bench.machine.place import HERE, About, Place
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


def require_cpus(cpus: CpuSplit, directory: Path, place: Place = HERE) -> None:
    """See that the CPUs of the run that is stored in a directory can be used.

    Raises:
        UsageError: some can't.
    """
    usable = set(place.cpus())
    if missing := {*cpus.server, *cpus.generator, *cpus.store} - usable:
        raise UsageError(
            f"{directory} was measured on CPUs that can't be used here: {_listed(missing)} (usable are "
            f"{_listed(usable)}). Resume it on its own machine with all of its CPUs (`taskset`, "
            f"`docker run --cpuset-cpus`), or start a new run."
        )


def stay_on(cpus: CpuSplit, place: Place = HERE) -> tuple[int, ...]:
    """Keep the harness itself off the server's CPUs; where those are another machine's, there is no need.

    Returns:
        The CPUs that what it starts here is to keep to; none for all.
    """
    if place.elsewhere:
        return ()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus.generator)
    return cpus.generator


def describe(
    *,
    runtime: str,
    docker: str | None,
    versions: Mapping[str, str],
    images: Mapping[str, str],
    cpu_split: CpuSplit,
    notes: tuple[str, ...],
    measured: MeasuredCode | None = None,
    place: Place = HERE,
) -> Environment:
    """The machine of the servers, with what the runtime knows of itself.

    Args:
        notes: what on it may spoil the figures, a sentence each.
    """
    about = place.about or _about_this()
    unnamed = "not named" if place.elsewhere else platform.processor() or platform.machine()
    return Environment(
        cpu_model=kernel.cpu_model(place) or unnamed,
        cpus=about.cpus,
        memory_bytes=about.memory_bytes,
        kernel=about.kernel,
        os=about.os,
        host=about.host,
        python=platform.python_version(),
        runtime=runtime,
        docker=docker,
        versions={**_own_versions(), **versions},
        images=images,
        cpu_split=cpu_split,
        notes=notes,
        measured=measured,
        machine=_hashed(about.number),
        cgroups=cgroups.version(place),
        measured_from=socket.gethostname() if place.elsewhere else None,
    )


def cpu_count(place: Place) -> int:
    """The CPUs of the whole machine."""
    return place.about.cpus if place.about else psutil.cpu_count() or 1


def machine() -> str | None:
    """Which installation this machine is; see `Environment.machine`."""
    return _hashed(_number())


def _listed(cpus: set[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _about_this() -> About:
    return About(
        host=socket.gethostname(),
        os=_os_name(),
        kernel=f"{platform.system()} {platform.release()}",
        cpus=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        number=_number(),
    )


def _number(file: Path = Path("/etc/machine-id")) -> str:
    """The installation's own, confidential number; empty where there is none.

    https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
    """
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _hashed(number: str) -> str | None:
    return hmac.new(number.encode(), b"wsgi-bench", "sha256").hexdigest()[:16] if number else None


def _own_versions() -> dict[str, str]:
    versions = {}
    for package in _HARNESS_PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
