"""The networks of a run's containers: one for each server, where only the driver and Redis are, too."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network
from typing import Any

from bench.deploy.engine import Engine
from bench.machine import process
from bench.model.errors import EngineError

# For benchmarks (RFC 2544), so that no other network has them. By itself the engine has thirty to give,
# for everything on the machine. https://docs.docker.com/engine/network/#automatic-subnet-allocation
_ADDRESSES = IPv4Network("198.18.0.0/15")
_PREFIX = 28
# Who is asked for names that the engine doesn't know: an address that nobody has (RFC 5737). Up to engine 25
# the machine itself may ask on behalf of a container without a way out (CVE-2024-29018).
NOBODY = "203.0.113.1"
_ENDED = re.compile(r"network \S+ not found|No such network")


def isolated(subnet: str, labels: dict[str, str]) -> dict[str, Any]:
    """A network of a compose file: without a way out, and without an address of the machine's own on it.

    `internal` alone leaves the machine on it, as the gateway, with what listens on all its addresses.
    Engine 28 calls that `gateway_mode_ipv4=isolated`; the option here is known to older ones, too.
    https://docs.docker.com/engine/network/drivers/bridge/#options
    """
    return {
        "internal": True,
        "enable_ipv6": False,
        "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"},
        "ipam": {"config": [{"subnet": subnet}]},
        "labels": dict(labels),
    }


def free_subnets(engine: Engine, count: int) -> list[str]:
    """Subnets that no network of the engine has.

    Raises:
        EngineError: there are not so many.
    """
    return choose(_taken(engine), count)


def choose(taken: Iterable[str], count: int) -> list[str]:
    """Some neighbouring subnets of those that are free; which ones is chance: other runs choose, too.

    Raises:
        EngineError: there are not so many.
    """
    used = [IPv4Network(subnet) for subnet in taken if ":" not in subnet]
    occupied = {number for subnet in used for number in _numbers(subnet)}
    subnets = enumerate(_ADDRESSES.subnets(new_prefix=_PREFIX))
    free = [subnet for number, subnet in subnets if number not in occupied]
    if len(free) < count:
        raise EngineError(
            f"Docker's networks leave no room in {_ADDRESSES} for {count} more: remove what nobody uses "
            f"(`docker network prune`), or measure without containers: --runtime local."
        )
    start = random.randrange(len(free) - count + 1)
    return [str(subnet) for subnet in free[start : start + count]]


def on_free_subnets(make: Callable[[], None], undo: Callable[[], None]) -> None:
    """Make what is on subnets that were free, and once more where another run has chosen the same meanwhile.

    Args:
        undo: removes what `make` has made of it.

    Raises:
        EngineError: of `make`.
    """
    try:
        make()
    except EngineError as error:
        if "overlap" not in str(error):
            raise
        undo()
        make()


def _numbers(subnet: IPv4Network) -> range:
    """Which of the subnets that may be chosen this one overlaps, counted from 0."""
    first, last = (
        (int(address) - int(_ADDRESSES.network_address)) >> (32 - _PREFIX)
        for address in (subnet.network_address, subnet.broadcast_address)
    )
    return range(max(first, 0), min(last + 1, 1 << (_PREFIX - _ADDRESSES.prefixlen)))


def _taken(engine: Engine) -> list[str]:
    template = "{{range .IPAM.Config}}{{println .Subnet}}{{end}}"
    names = engine.run("network", "ls", "--quiet").split()
    if not names:
        return []
    try:
        lines = engine.run("network", "inspect", "--format", template, *names).splitlines()
    except process.CommandFailed as error:
        # One that ended meanwhile has no subnet any more; of the others it is said all the same.
        lines = [line for line in error.output.splitlines() if not _ENDED.search(line)]
        if any("/" not in line for line in filter(str.strip, lines)):
            raise
    return [line.strip() for line in lines if line.strip()]
