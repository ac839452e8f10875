"""From inside each container of a run only its own Redis and driver can be reached: everything else is tried.

What is tried is planted here, on all addresses of this machine and in a container of its own; and an ordinary
container does reach it.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.compose import ComposeRuntime
from bench.deploy.engine import Engine, find_engine
from bench.machine.environment import split_cpus
from bench.model import Deployment, Target

pytestmark = [pytest.mark.containers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
APPS = load_apps(ROOT / "apps/apps.toml")
ASKING = Deployment("waitress.shortly", SERVERS["waitress"], APPS["shortly"], database=1)
OTHER = Deployment("wsgiref.hello", SERVERS["wsgiref"], APPS["hello"], database=2)
DRIVER, REDIS = "driver", "redis"
# Runs in a container's network: which of these answer? An address that begins with fe80 is on every link.
LOOK = """
import json, pathlib, socket, sys
from concurrent.futures import ThreadPoolExecutor

links = [name for _, name in socket.if_nameindex() if name != "lo"]

def connects(host, port):
    for place in [f"{host}%{link}" for link in links] if host.startswith("fe80") else [host]:
        try:
            with socket.create_connection((place, port), 2):
                return True
        except OSError:
            pass
    return False

def knows(name):
    try:
        return bool(socket.getaddrinfo(name, 80))
    except OSError:
        return False

def sends(host, port):
    for place in [f"{host}%{link}" for link in links] if host.startswith("fe80") else [host]:
        try:
            (family, kind, _, _, address), *_ = socket.getaddrinfo(place, port, type=socket.SOCK_DGRAM)
            with socket.socket(family, kind) as out:
                out.sendto(b"here", address)
        except OSError:
            pass

asked = json.loads(sys.argv[1])
for host, port in asked["addresses"]:
    sends(host, port)
with ThreadPoolExecutor(32) as pool:
    reached = pool.map(lambda address: connects(*address), asked["addresses"])
    known = pool.map(knows, asked["names"])
    print(json.dumps({
        "reached": [a for a, yes in zip(asked["addresses"], reached) if yes],
        "known": [name for name, yes in zip(asked["names"], known) if yes],
        "engine": [path for path in ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd")
                   if pathlib.Path(path).exists()],
    }))
"""
# A listener of somebody else's, in a container.
LISTEN = """
import socket
listener = socket.create_server(("0.0.0.0", 7000))
while True:
    listener.accept()[0].close()
"""


class Planted:
    """A port of this machine, TCP and UDP, IPv4 and IPv6, that remembers who came."""

    def __init__(self) -> None:
        self.visitors: list[str] = []
        self._streams = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = int(self._streams.getsockname()[1])
        self._packets = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._packets.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._packets.bind(("::", self.port))
        for serve in (self._accept, self._receive):
            threading.Thread(target=serve, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, address = self._streams.accept()
                self.visitors.append(f"tcp {address[0]}")
                connection.close()

    def _receive(self) -> None:
        with suppress(OSError):
            # Without a sender it is the end.
            while sender := self._packets.recvfrom(100)[1]:
                self.visitors.append(f"udp {sender[0]}")

    def close(self) -> None:
        # A thread that waits on a socket isn't woken by close().
        for listening in (self._streams, self._packets):
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()


@dataclass(frozen=True)
class Run:
    """A run whose servers are up, and what was planted around it.

    Attributes:
        addresses: where anything might be reached that is not of the run.
        own: where each container of the run is.
    """

    engine: Engine
    runtime: ComposeRuntime
    project: str
    planted: Planted
    stranger: tuple[str, int]
    addresses: tuple[tuple[str, int], ...]
    own: Mapping[str, tuple[tuple[str, int], ...]]

    def look(self, service: str) -> dict[str, Any]:
        """What a container of the run reaches."""
        asked = [*self.addresses, *(address for places in self.own.values() for address in places)]
        names = ["host.docker.internal", "gateway.docker.internal", "example.com", "redis"]
        look = ["python", "-c", LOOK, json.dumps({"addresses": asked, "names": names})]
        if service == DRIVER:
            command, _ = self.runtime.driver_command([])
            before = [*command[: command.index("python")]]
            return loaded(self.engine.run_compose(*before[len(self.engine.compose) :], *look))
        name = f"{self.project}-{service}"
        if service == REDIS:
            # It has no Python: another container, in the same network namespace.
            return loaded(ordinary(self.engine, ["--network", f"container:{name}"], look))
        return loaded(self.engine.run("exec", name, *look))


def loaded(output: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(output)
    found["reached"] = {(host, port) for host, port in found["reached"]}
    return found


def ordinary(engine: Engine, options: list[str], command: list[str]) -> str:
    return engine.run("run", "--rm", *options, "wsgi-bench/driver", *command)


def inspected(engine: Engine, name: str) -> dict[str, Any]:
    (state,) = json.loads(engine.run("inspect", name))
    return dict(state)


def addresses_of(state: Mapping[str, Any], port: int) -> tuple[tuple[str, int], ...]:
    networks = state["NetworkSettings"]["Networks"].values()
    return tuple((network["IPAddress"], port) for network in networks)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    engine, directory = find_engine(), tmp_path_factory.mktemp("run")
    with ExitStack() as opened:
        planted = opened.enter_context(closing(Planted()))
        runtime = opened.enter_context(
            ComposeRuntime(
                directory,
                split_cpus(),
                [ASKING, OTHER],
                checkouts=this_checkout(ROOT),
                engine=engine,
                say=print,
            )
        )
        for deployment in (ASKING, OTHER):
            assert isinstance(runtime.start(deployment), Target)
        file = json.loads((directory / "compose.json").read_text())
        labels = file["networks"][ASKING.name]["labels"]
        labelled = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
        name = engine.run(
            "run", "--detach", "--rm", "--init", *labelled, "wsgi-bench/driver", "python", "-c", LISTEN
        ).strip()
        (stranger,) = addresses_of(inspected(engine, name), 7000)
        project = file["name"]
        own = {
            service: addresses_of(inspected(engine, f"{project}-{service}"), port)
            for service, port in ((ASKING.name, 8000), (OTHER.name, 8000), (REDIS, 6379))
        }
        # Where a network's bridge has its own address, if it has one.
        gateways = {
            str(next(ip_network(config["subnet"]).hosts()))
            for network in file["networks"].values()
            for config in network["ipam"]["config"]
        }
        machine = {
            address.address.partition("%")[0]
            for addresses in psutil.net_if_addrs().values()
            for address in addresses
            if address.family in (socket.AF_INET, socket.AF_INET6)
            and not address.address.startswith(("127.", "::1"))
        }
        yield Run(
            engine,
            runtime,
            project,
            planted,
            stranger,
            (
                *((host, planted.port) for host in sorted(machine | gateways)),
                *(
                    (host, port)
                    for host in ("169.254.169.254", "fd00:ec2::254")
                    for port in (80, planted.port)
                ),
                ("203.0.113.1", 53),
                stranger,
            ),
            own,
        )


def test_an_ordinary_container_reaches_what_is_planted(run: Run) -> None:
    """Otherwise the tests below would show nothing."""
    look = ["python", "-c", LOOK, json.dumps({"addresses": run.addresses, "names": []})]
    found = loaded(ordinary(run.engine, [], look))

    machine = {address for address in found["reached"] if address[1] == run.planted.port}
    assert len(machine) > 1
    assert run.stranger in found["reached"]
    assert {visitor.partition(" ")[0] for visitor in run.planted.visitors} == {"tcp", "udp"}


@pytest.mark.parametrize(
    ("service", "reachable"),
    [
        (ASKING.name, {ASKING.name, REDIS}),
        (OTHER.name, {OTHER.name}),
        (DRIVER, {ASKING.name, OTHER.name, REDIS}),
        # Its networks are those of who asks it.
        (REDIS, {ASKING.name, REDIS}),
    ],
)
def test_a_container_of_a_run_reaches_only_what_it_needs(run: Run, service: str, reachable: set[str]) -> None:
    run.planted.visitors.clear()

    found = run.look(service)

    assert found["reached"] == {address for name in reachable for address in run.own[name]}
    assert found["known"] == (["redis"] if REDIS in reachable else [])
    assert found["engine"] == []
    assert run.planted.visitors == []


# Runs as root in the driver: everything there that can be opened for writing, in every cgroup mount.
WRITE = """
import json, os, pathlib
mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
places = [place for _, place, kind, *_ in mounts if kind in ("cgroup", "cgroup2")]
places += [place for _, place, *_ in mounts if place.startswith("/host")]
written = []
for place in places:
    for folder, _, files in os.walk(place):
        try:
            os.mkdir(folder + "/made-by-a-test")
            os.rmdir(folder + "/made-by-a-test")
            written.append(folder)
        except OSError:
            pass
        for name in files:
            try:
                os.close(os.open(f"{folder}/{name}", os.O_WRONLY))
                written.append(f"{folder}/{name}")
            except OSError:
                pass
print(json.dumps([len(places), written]))
"""


def test_not_even_root_writes_to_the_cgroups_that_the_driver_reads(run: Run) -> None:
    command, _ = run.runtime.driver_command([])
    before = list(command[len(run.engine.compose) : command.index("python")])
    as_root = [*before[:-1], "--user", "0:0", before[-1]]

    places, written = json.loads(run.engine.run_compose(*as_root, "python", "-c", WRITE))

    assert places
    assert written == []


@pytest.mark.parametrize(
    "command", [("CONFIG", "SET", "maxmemory", "1"), ("SHUTDOWN", "NOSAVE"), ("FLUSHALL",)]
)
def test_redis_takes_no_orders(run: Run, command: tuple[str, ...]) -> None:
    said = run.engine.run("exec", f"{run.project}-redis", "redis-cli", *command)

    assert said.startswith("NOPERM"), said
