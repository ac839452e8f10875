"""The compose file of one run, made from the project's: a service for each deployment, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bench.catalogue.variables import PORT as PORT
from bench.catalogue.variables import REDIS as REDIS
from bench.catalogue.variables import of_container
from bench.deploy.contained import Contained, known_service, service_of
from bench.deploy.networks import NOBODY, isolated
from bench.deploy.projectimage import literal
from bench.machine.place import CGROUP_ROOT_VARIABLE, CGROUPS
from bench.machine.priority import WEIGHT
from bench.model import Confinement, CpuSplit, Deployment
from bench.model.errors import UsageError
from bench.model.surroundings import NO_LIMITS, Limits
from bench.model.variant import THIS_CHECKOUT, Source

DRIVER = "driver"
NULL = "null"
"""The server whose answers tell what the generator can do: it has no limits of the user's."""
_CGROUP_ROOT = "/host/cgroup"
# By version of the machine's cgroups, below /sys/fs/cgroup: the one mount where CPU time is counted.
# `read_only` doesn't reach the mounts below what it is said of, and with version 1 each controller is one.
_COUNTERS = {"1": "/cpuacct", "2": ""}
# About `WEIGHT` times those of a container that asks for nothing. For version 2 engines make weights of them,
# the older ones linearly (2 to 262,144 become 1 to 10,000): 2,846, where 100 is usual.
_SHARES = {"1": 29102, "2": 74600}
# What is for people, or for building.
_DROPPED = ("build", "depends_on", "healthcheck", "networks", "ports", "profiles", "restart", "secrets")


def run_file(
    known: Mapping[Source, Mapping[str, Any]],
    deployments: Sequence[Deployment],
    cpus: CpuSplit,
    labels: Mapping[str, str],
    name: str,
    *,
    subnets: Sequence[str],
    cgroups: str,
    first: Mapping[str, Any] = MappingProxyType({}),
    contained: Contained | None = None,
    limits: Limits = NO_LIMITS,
) -> dict[str, Any]:
    """The compose file of a run.

    Args:
        known: the services of each source's compose file, as `docker compose config` resolves them.
        labels: put on every container and network.
        name: of the Compose project; containers are `NAME-SERVICE`.
        subnets: one for each deployment.
        cgroups: the version of those of the engine's machine, "1" or "2".
        first: what `coming_first` adds to every service; nothing to leave them as others.
        contained: what an application of the user's own is deployed from.
        limits: of each server, as the user gave them.

    Raises:
        UsageError: a compose file lacks a service.
    """
    own = known[THIS_CHECKOUT]
    needed = {known_service(d) for d in deployments if d.variant.source == THIS_CHECKOUT} | {DRIVER}
    if any(d.app.redis for d in deployments):
        needed.add(REDIS)
    if missing := sorted(needed - own.keys()):
        raise UsageError(f"docker-compose.yml has no service {', '.join(missing)}.")
    if missing := sorted(
        {known_service(d) for d in deployments if known_service(d) not in known[d.variant.source]}
    ):
        raise UsageError(f"The old version's compose file has no service {', '.join(missing)} any more.")
    services = {
        d.name: {
            **_server(known[d.variant.source][known_service(d)], d, cpus, contained),
            **(_limited(limits) if d.server.name != NULL else {}),
        }
        for d in deployments
    }
    if REDIS in needed:
        services[REDIS] = {**_bare(own[REDIS]), "cpuset": _cpuset(cpus.store)}
    services[DRIVER] = _driver(own[DRIVER], cpus, _COUNTERS.get(cgroups, ""))
    # Each server has a network of its own: it reaches the driver, Redis if it needs that, and nobody else.
    members = {
        **{d.name: [d.name] for d in deployments},
        REDIS: [d.name for d in deployments if d.app.redis],
        DRIVER: [d.name for d in deployments],
    }
    for service_name, service in services.items():
        service |= {
            "labels": dict(labels),
            "networks": {network: {} for network in members[service_name]},
            "dns": [NOBODY],
            "restart": "no",
        }
        # A health check in the middle of a trial would be measured with it.
        service["healthcheck"] = {"disable": True}
        service |= first
        if service_name != DRIVER:
            service["container_name"] = f"{name}-{service_name}"
    networks = {
        d.name: isolated(subnet, dict(labels)) for d, subnet in zip(deployments, subnets, strict=True)
    }
    for network in contained.networks if contained else ():
        networks[network] = {"external": True, "name": network}
        for deployment in deployments:
            if deployment.app.project is not None:
                services[deployment.name]["networks"][network] = {}
    return {"name": name, "services": services, "networks": networks}


def coming_first(cgroups: str, driver: str) -> dict[str, Any]:
    """What a service asks for to come before other programs.

    Shares count among neighbours. The engine puts containers below one cgroup of its own, which has as many
    as any other program, so they are put beside that where it takes paths; systemd has a slice for them.

    Args:
        cgroups: the version of those of the engine's machine.
        driver: who makes them, "cgroupfs" or "systemd".
    """
    beside = {"cgroup_parent": "/"} if driver == "cgroupfs" else {}
    return {"cpu_shares": _SHARES.get(cgroups, _SHARES["1"]), **beside}


def confinement(service: Mapping[str, Any]) -> Confinement:
    """What a service of a run's file asks for."""
    memory, pids = service.get("mem_limit"), service.get("pids_limit")
    return Confinement(
        cpus=tuple(map(int, service["cpuset"].split(","))),
        memory_bytes=int(memory) if memory else None,
        pids=int(pids) if pids else None,
        quota_cpus=service.get("cpus"),
        weight=WEIGHT if service.get("cpu_shares") else None,
    )


def _server(
    service: Mapping[str, Any], deployment: Deployment, cpus: CpuSplit, contained: Contained | None
) -> dict[str, Any]:
    if contained is not None and deployment.app.project is not None:
        return {
            **service_of(_bare(service), deployment, contained),
            "cpuset": _cpuset(cpus.server),
        }
    return {
        **_bare(service),
        "command": [literal(word) for word in deployment.server.command],
        "environment": {key: literal(value) for key, value in of_container(deployment).items()},
        "cpuset": _cpuset(cpus.server),
    }


def _limited(limits: Limits) -> dict[str, Any]:
    limited: dict[str, Any] = {"cpus": limits.cpus} if limits.cpus is not None else {}
    if limits.memory_bytes is not None:
        limited |= {"mem_limit": limits.memory_bytes, "memswap_limit": limits.memory_bytes}
    return limited


def _driver(service: Mapping[str, Any], cpus: CpuSplit, counters: str) -> dict[str, Any]:
    environment = {**(service.get("environment") or {}), CGROUP_ROOT_VARIABLE: _CGROUP_ROOT}
    # The servers' counters are read where the load is made, microseconds before and after.
    mount = {
        "type": "bind",
        "source": f"{CGROUPS}{counters}",
        "target": f"{_CGROUP_ROOT}{counters}",
        "read_only": True,
    }
    return {
        **_bare(service),
        "environment": environment,
        "cpuset": _cpuset(cpus.generator),
        "volumes": [*service.get("volumes", []), mount],
        # Not made with the others, but by `run`, which hands it the harness's standard input and output.
        "profiles": [DRIVER],
    }


def _bare(service: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in service.items() if k not in _DROPPED and not k.startswith("x-")}


def _cpuset(cpus: Iterable[int]) -> str:
    return ",".join(map(str, cpus))
