"""What the engine says of a container (`docker inspect`), in the harness's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.model import UsageSource


def address(state: Mapping[str, Any]) -> str:
    """The container's address in the run's network: a name would be resolved while the load runs."""
    networks: Mapping[str, Any] = state["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def usage_source(pid: int) -> UsageSource:
    """The cgroup of a container's main process; "none" where the engine runs on another machine."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines() if pid else []
    except OSError:
        lines = []
    # cgroups(7): hierarchy:controllers:path
    groups = [line.split(":", 2) for line in lines]
    for _, controllers, path in groups:
        if "cpuacct" in controllers.split(","):
            return UsageSource("cgroup1", path=path, pid=pid)
    for _, controllers, path in groups:
        if not controllers:
            return UsageSource("cgroup2", path=path, pid=pid)
    return UsageSource("none")


def nanoseconds(moment: str) -> int:
    """RFC 3339 with nanoseconds, as the engine writes it, to nanoseconds since 1970."""
    seconds, _, fraction = moment.rstrip("Z").partition(".")
    whole = int(datetime.fromisoformat(seconds).replace(tzinfo=UTC).timestamp())
    return whole * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)
