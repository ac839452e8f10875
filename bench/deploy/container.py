"""What the engine says of a container (`docker inspect`), in the harness's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.machine.place import Place
from bench.machine.process import how_ended
from bench.model import Deployment, UsageSource


@dataclass(frozen=True)
class Started:
    """A container that was started.

    Attributes:
        pid: of its main process, as its place sees it; 0 where that can't.
    """

    deployment: Deployment
    pid: int


def address(state: Mapping[str, Any], network: str = "") -> str:
    """The container's address in a network, or in its first one: a name would be resolved while the load
    runs.
    """
    networks: Mapping[str, Any] = state["NetworkSettings"]["Networks"]
    return str(networks.get(network, next(iter(networks.values())))["IPAddress"])


def usage_source(pid: int, container_id: str, place: Place) -> UsageSource:
    """The cgroup of a container's main process.

    Kind "none" where it has none of its own, as with an engine that may not make one; without a number where
    the process is not the place's to see. The engine may run on another machine, or see other process
    numbers: then `pid` is somebody else's here. A cgroup's path holds its container's id (`/docker/ID`,
    `/system.slice/docker-ID.scope`), also as seen from within another cgroup namespace; so do the paths of
    what the engine mounts into each container.
    """
    lines = _lines(pid, "cgroup", place)
    # cgroups(7): hierarchy:controllers:path
    groups = [group for group in (line.split(":", 2) for line in lines) if container_id in group[2]]
    for _, controllers, path in groups:
        if "cpuacct" in controllers.split(","):
            return UsageSource("cgroup1", path=path, pid=pid)
    for _, controllers, path in groups:
        if not controllers:
            return UsageSource("cgroup2", path=path, pid=pid)
    own = any(container_id in line for line in _lines(pid, "mountinfo", place))
    return UsageSource("none", pid=pid if own else 0)


def _lines(pid: int, file: str, place: Place) -> list[str]:
    try:
        return place.of_process(pid, file).splitlines() if pid else []
    except OSError:
        return []


def end_of(state: Mapping[str, Any]) -> str:
    """How a container ended, by its `State`; empty where that comes a moment too early to know."""
    if state["Running"]:
        return ""
    used_up = "its container had used up its memory (mem_limit)" if state.get("OOMKilled") else ""
    return how_ended(int(state["ExitCode"]), used_up)


def nanoseconds(moment: str) -> int:
    """RFC 3339 with nanoseconds, as the engine writes it, to nanoseconds since 1970."""
    seconds, _, fraction = moment.rstrip("Z").partition(".")
    whole = int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp())
    return whole * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)


def refusal(output: str) -> str:
    """Why the engine refused: its own words, without what the docker command makes of them."""
    lines = output.strip().splitlines() or ["the engine gave no reason"]
    return next((line for line in lines if "Error response from daemon" in line), lines[-1])
