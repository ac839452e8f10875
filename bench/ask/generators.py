"""`--generators N --bind ADDRESS`: where generators of other hosts are waited for, and by which secret."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from bench.catalogue import origin
from bench.load.elsewhere.keys import SECRET_VARIABLE, SHORTEST_SECRET
from bench.model.errors import UsageError
from bench.model.generators import Generators
from bench.model.hostport import REDIS_PORT, host_and_port

_MAKE_ONE = (
    f"make one by `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'` and set {SECRET_VARIABLE} "
    f"to it, here and where each generator is started"
)


@dataclass(frozen=True)
class Asked:
    """Generators that may come, and the secret by which they are known."""

    of_plan: Generators
    secret: str = field(repr=False)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The options of a load driver that waits for these generators."""
        plan = self.of_plan
        waits = ("--waits",) if plan.waits else ()
        return "--generators", str(plan.number), "--listen", f"{plan.host}:{plan.port}", *waits

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables in that driver's environment."""
        return {SECRET_VARIABLE: self.secret}


def take_secret(environment: MutableMapping[str, str] = os.environ) -> str:
    """The secret, which no server finds in its environment from then on; empty without one."""
    return environment.pop(SECRET_VARIABLE, "")


def require_secret(secret: str) -> str:
    """The same secret.

    Raises:
        UsageError: there is none, or it can be guessed.
    """
    if not secret:
        raise UsageError(f"Generators on other hosts are known by a secret, and there is none: {_MAKE_ONE}.")
    if len(secret) < SHORTEST_SECRET:
        raise UsageError(
            f"{SECRET_VARIABLE} has {len(secret)} characters, fewer than {SHORTEST_SECRET}: it could be "
            f"guessed. Instead, {_MAKE_ONE}."
        )
    return secret


def read_generators(asked: Mapping[str, Any], runtime: str, secret: str) -> Asked | None:
    """What was asked for; None where this machine makes the load.

    Args:
        asked: all settings, by name.
        runtime: that was asked for or found.

    Raises:
        UsageError: with every problem found.
    """
    if asked["generators"] is None:
        if asked["bind"] is not None:
            raise UsageError(
                f"--bind {asked['bind']} is where generators of other hosts find this one: say how many with "
                f"--generators, or leave it out."
            )
        if asked["if_lost"] != "go-on":
            raise UsageError(
                f"--if-lost {asked['if_lost']} is about generators of other hosts: say how many with "
                f"--generators, or leave it out."
            )
        return None
    if problems := list(_wrong_beside(asked, runtime)):
        raise UsageError(*problems)
    if asked["bind"] is None:
        raise UsageError(
            f"--generators {asked['generators']}: where do they find this host? Name its address on their "
            f"network with --bind; nothing listens beyond 127.0.0.1 unless you say so."
        )
    host, port = read_bind(asked["bind"])
    if not ipaddress.ip_address(host).is_loopback:
        for spec in filter(_loops_back, asked["target"]):
            raise UsageError(
                f"--generators with --target {spec}: on another host that address is the host's own. Name "
                f"the one by which the generators reach the server."
            )
    return Asked(
        Generators(asked["generators"], host, port, waits=asked["if_lost"] == "wait"), require_secret(secret)
    )


def read_bind(text: str) -> tuple[str, int]:
    """An address of this host and a port.

    Raises:
        UsageError: it is no address of this host, or none that another one can ask.
    """
    try:
        name, port = host_and_port(text)
        host = str(socket.getaddrinfo(name, port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except (ValueError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--bind {text}: that is no IPv4 address or name of this host ({reason}).") from None
    if ipaddress.ip_address(host).is_unspecified:
        raise UsageError(
            f"--bind {text}: servers are asked at this address, so it has to be a single one: that of the "
            f"network where the generators are (`ip -brief address`)."
        )
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise UsageError(
            f"--bind {text}: {host}:{port} can't be listened on here ({error.strerror}). Name an "
            f"address of this host (`ip -brief address`) and a port that nobody else uses."
        ) from None
    return host, port


def _loops_back(target: str) -> bool:
    try:
        host = origin.host_of(target.partition("=")[2])
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def wrong_redis(text: str | None, runtime: str) -> Iterator[str]:
    """A sentence for whatever is wrong with a Redis on another host."""
    if text is None:
        return
    try:
        host_and_port(text, REDIS_PORT)
    except ValueError as error:
        yield f"--redis: {error}."
    if runtime == "compose":
        yield (
            f"--redis {text} with containers: they are on networks of this machine alone. Measure with "
            f"--runtime local."
        )


def _wrong_beside(asked: Mapping[str, Any], runtime: str) -> Iterator[str]:
    if runtime == "compose":
        yield (
            "--generators with containers: they are on networks of this machine alone. Measure with "
            "--runtime local, or start the containers yourself and name each with --target."
        )
    if asked["client"] == "locustfile":
        yield (
            "--generators with --locustfile: its users are all in one process, since weights and fixed_count "
            "are of all of them together. Leave one of the two out."
        )
    if asked["processes"] is not None:
        yield "--processes with --generators: each generator is one process, and this host has none."
    sockets = [
        str(spec) for spec in (*asked["server"], *asked["target"]) if "{socket}" in spec or "unix:" in spec
    ]
    if sockets:
        yield f"--generators with {sockets[0]}: a unix socket can't be asked from another host."
