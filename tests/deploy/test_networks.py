"""Which networks a run makes, and where the driver finds the counters."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, cast

import pytest

from bench.catalogue.registry import load_servers
from bench.deploy.composefile import run_file
from bench.deploy.engine import Engine
from bench.deploy.networks import choose, free_subnets
from bench.machine.process import CommandFailed
from bench.model import App, CpuSplit, Deployment
from bench.model.errors import EngineError
from bench.model.variant import THIS_CHECKOUT

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
KNOWN: dict[str, Any] = {name: {"image": "i"} for name in (*SERVERS, "driver", "redis")}
BENCHMARKS = IPv4Network("198.18.0.0/15")


def deployment(server: str, *, redis: bool) -> Deployment:
    app = App("shop", "shop.wsgi:app", ("get",), redis=redis, seed=())
    return Deployment(f"{server}.{redis}", SERVERS[server], app, database=1)


def made(deployments: list[Deployment], cgroups: str = "2") -> dict[str, Any]:
    split = CpuSplit(server=(0,), generator=(0,), store=(0,))
    return run_file(
        {THIS_CHECKOUT: KNOWN},
        deployments,
        split,
        {},
        "run-1",
        subnets=choose([], len(deployments)),
        cgroups=cgroups,
    )


def test_no_two_servers_have_a_network_in_common() -> None:
    asking, other = deployment("gunicorn", redis=True), deployment("waitress", redis=False)
    services = made([asking, other])["services"]

    assert set(services[asking.name]["networks"]) == {asking.name}
    assert set(services[other.name]["networks"]) == {other.name}
    assert set(services["driver"]["networks"]) == {asking.name, other.name}
    assert set(services["redis"]["networks"]) == {asking.name}


def test_the_machine_is_on_no_network() -> None:
    for network in made([deployment("gunicorn", redis=True)])["networks"].values():
        assert network["internal"]
        assert not network["enable_ipv6"]
        assert network["driver_opts"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}


def test_a_container_asks_nobody_for_names_whatever_its_compose_file_says() -> None:
    services = made([deployment("gunicorn", redis=True)])["services"]

    assert {tuple(service["dns"]) for service in services.values()} == {("203.0.113.1",)}


@pytest.mark.parametrize(("cgroups", "place"), [("1", "/cpuacct"), ("2", "")])
def test_the_driver_gets_one_mount_with_the_counters_and_no_other(cgroups: str, place: str) -> None:
    (mount,) = made([deployment("gunicorn", redis=True)], cgroups)["services"]["driver"]["volumes"]

    assert mount["read_only"]
    assert (mount["source"], mount["target"]) == (f"/sys/fs/cgroup{place}", f"/host/cgroup{place}")


def test_subnets_are_free_and_differ() -> None:
    taken = ["172.17.0.0/16", "fd00::/64", *map(str, list(BENCHMARKS.subnets(new_prefix=16))[:1])]

    chosen = [IPv4Network(subnet) for subnet in choose(taken, 64)]

    assert len(set(chosen)) == 64
    for subnet in chosen:
        assert subnet.subnet_of(IPv4Network("198.19.0.0/16"))
        assert subnet.num_addresses == 16


def test_every_subnet_can_be_had_and_one_more_is_refused() -> None:
    whole = choose([], 8192)

    assert choose(whole[1:], 1) == whole[:1]
    with pytest.raises(EngineError, match=r"no room in 198\.18\.0\.0/15 for 1 more"):
        choose(whole, 1)


class Inspecting:
    """An engine whose `network inspect` ends with 1, and with these words."""

    def __init__(self, said: str) -> None:
        self._said = said

    def run(self, *arguments: str) -> str:
        if arguments[:2] == ("network", "ls"):
            return "a1\nb2\n"
        raise CommandFailed(["docker", *arguments], "ended with 1", self._said)


def test_a_network_that_ends_meanwhile_is_in_nobodys_way() -> None:
    whole = choose([], 8192)
    listed = "".join(f"{subnet}\n\n" for subnet in whole[1:])
    for gone in ("Error response from daemon: network b2 not found", "Error: No such network: b2"):
        assert free_subnets(cast(Engine, Inspecting(listed + gone)), 1) == whole[:1]
    with pytest.raises(CommandFailed):
        free_subnets(cast(Engine, Inspecting(listed + "permission denied")), 1)
