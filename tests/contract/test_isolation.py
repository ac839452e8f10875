"""What a server can reach, and who can reach it."""

from __future__ import annotations

import contextlib
import json
import socket
from urllib.parse import urlsplit

import psutil
import pytest

from bench.machine.environment import split_cpus
from bench.machine.place import HERE
from bench.machine.processtree import process_tree
from bench.model import Server
from tests.contract.client import ask
from tests.contract.stack import SERVERS, SHORTLY, Stack

CPUS = split_cpus()

in_containers = pytest.mark.parametrize(
    "stack", [pytest.param("compose", marks=[pytest.mark.containers, pytest.mark.slow])], indirect=True
)
# Runs in a container: what holds there for each of its processes.
LOOK = """
import json, pathlib, socket

def status(path):
    rows = (line.partition(":") for line in (path / "status").read_text().splitlines())
    return {key: value.split() for key, _, value in rows}

def refusal(action):
    try:
        action()
    except OSError as error:
        return error.strerror or str(error)

processes = [status(path) for path in pathlib.Path("/proc").glob("[0-9]*")]
sockets = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
# 0A is LISTEN; 0B00007F is 127.0.0.11, the engine's own resolver.
listening = [s[1].split(":") for s in sockets if s[3] == "0A" and not s[1].startswith("0B00007F")]
print(json.dumps({
    "first": status(pathlib.Path("/proc/1"))["Name"],
    "users": sorted({user for process in processes for user in process["Uid"] + process["Gid"]}),
    "capabilities": sorted({process[f"Cap{kind}"][0] for process in processes
                            for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")}),
    "no new privileges": sorted({process["NoNewPrivs"][0] for process in processes}),
    "cpus": sorted({process["Cpus_allowed_list"][0] for process in processes}),
    "writing": sorted({refusal(lambda: open(f"{place}/x", "w")) for place in ("", "/srv", "/opt/venv")}),
    "ports": sorted(int(port, 16) for _, port in listening),
    "outside": refusal(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
}))
"""


def test_no_debugger(shortly: str) -> None:
    assert ask(shortly, "/console").status == 404
    answer = ask(shortly, "/?__debugger__=yes&cmd=resource&f=debugger.js")
    assert answer["Content-Type"].startswith("text/html")
    assert '<form action="/" method="post">' in answer.text


@pytest.mark.parametrize("stack", ["local"], indirect=True)
def test_a_child_process_listens_on_loopback_alone(stack: Stack, server: Server) -> None:
    target = stack.answering(server, SHORTLY)
    url = urlsplit(target.url)

    connections = [
        connection
        for pid in process_tree(target.usage.pid, HERE)
        for connection in psutil.Process(pid).net_connections("all")
    ]

    assert url.hostname == "127.0.0.1"
    assert {c.laddr for c in connections if c.status == psutil.CONN_LISTEN} == {(url.hostname, url.port)}
    assert not [c for c in connections if c.family == socket.AF_UNIX and c.laddr]


@in_containers
def test_a_container_is_confined(stack: Stack, server: Server) -> None:
    assert stack.containers is not None
    target = stack.answering(server, SHORTLY)

    found = json.loads(stack.containers.execute(target.deployment, "python", "-c", LOOK))

    # Without a route, or with one to a bridge that forwards nothing: engines differ.
    assert found.pop("outside") in ("Network is unreachable", "timed out")
    assert found == {
        "first": ["docker-init"],
        "users": ["10001"],
        "capabilities": ["0" * 16],
        "no new privileges": ["1"],
        "cpus": [",".join(map(str, CPUS.server))],
        "writing": ["Read-only file system"],
        "ports": [8000],
    }


@in_containers
@pytest.mark.parametrize("service", [*(f"{name}.shortly" for name in SERVERS), "redis"])
def test_the_engine_limits_a_container_and_publishes_nothing(stack: Stack, service: str) -> None:
    assert stack.containers is not None
    state = stack.containers.inspect(service)
    host = state["HostConfig"]

    assert state["Config"]["User"] == "10001:10001"
    assert host["Init"]
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["CpusetCpus"]
    assert 0 < host["Memory"] == host["MemorySwap"]
    assert host["PidsLimit"] > 0
    assert not host["Binds"]
    assert not host["PortBindings"]
    assert not any((state["NetworkSettings"]["Ports"] or {}).values())
    assert host["NetworkMode"] not in ("host", "bridge")


@in_containers
def test_redis_is_out_of_reach_of_the_machine(stack: Stack) -> None:
    assert stack.containers is not None
    networks = stack.containers.inspect("redis")["NetworkSettings"]["Networks"].values()
    assert networks

    for network in networks:
        with contextlib.suppress(OSError), socket.create_connection((network["IPAddress"], 6379), 1) as link:
            link.sendall(b"PING\r\n")
            # Something else may answer, such as a proxy that takes every address.
            assert b"PONG" not in link.recv(100)
