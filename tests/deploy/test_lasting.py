"""Lasting processes of real servers: of those that fork a request, and of those that replace workers."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.machine.lasting import Processes
from bench.machine.place import HERE, Place
from bench.machine.usage import members, oom_kills
from bench.model import App, Server, Target, UsageSource
from tests.deploy.test_local import CPUS, ROOT, deployment, fetch, started
from tests.patience import HANGS_S

SERVERS = load_servers(ROOT / "docker-compose.yml", {})
REQUESTS = 20
FORKING = "tests.deploy.forking"


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[LocalRuntime]:
    with LocalRuntime(tmp_path, CPUS, [], checkouts=this_checkout(ROOT)) as opened:
        yield opened


def ready(runtime: LocalRuntime, server: Server, app: App | None = None) -> tuple[Target, Processes]:
    target = started(runtime, deployment(server) if app is None else replace(deployment(server), app=app))
    fetch(runtime, target)
    processes = Processes(target.usage, HERE)
    processes.answers()
    deadline = time.monotonic() + HANGS_S
    # Of the server that forks, until the process of the first request is gone; a run waits, too.
    while FORKING in server.command and len(members(target.usage, HERE)) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    processes.ready()
    return target, processes


def ask(target: Target) -> None:
    for _ in range(REQUESTS):
        with urlopen(target.url, timeout=10) as response:
            response.read()


def test_a_process_for_each_request_is_no_restart(runtime: LocalRuntime) -> None:
    command = (sys.executable, "-m", FORKING, "waits")
    target, processes = ready(runtime, replace(SERVERS["wsgiref"], command=command))
    for _ in range(3):
        ask(target)
        processes.look()

    assert processes.restarts == 0


@pytest.mark.parametrize("server", ["waitress", "gunicorn"])
def test_a_helper_of_the_application_that_ends_is_no_restart(runtime: LocalRuntime, server: str) -> None:
    helped = App("helped", "tests.deploy.helping:application", ("hello",), redis=False, seed=())
    target, processes = ready(runtime, SERVERS[server], helped)
    for _ in range(3):
        with urlopen(f"{target.url}/next", timeout=HANGS_S) as response:
            response.read()
        processes.look()

    assert processes.restarts == 0


def test_workers_that_are_replaced_after_so_many_requests_are_counted(runtime: LocalRuntime) -> None:
    plain = SERVERS["gunicorn-sync"]
    recycled = replace(plain, command=(*plain.command, "--max-requests", str(REQUESTS // 2)))
    target, processes = ready(runtime, recycled)
    deadline = time.monotonic() + HANGS_S
    while not processes.restarts:
        assert time.monotonic() < deadline
        ask(target)
        processes.look()


@pytest.mark.parametrize("kind", ["cgroup1", "cgroup2"])
def test_what_a_cgroup_says_of_its_processes(kind: str, tmp_path: Path) -> None:
    files = {
        "cgroup1": {
            "cpuacct/mine/cgroup.procs": "12\n0\n13\n",
            "memory/mine/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        },
        "cgroup2": {
            "mine/cgroup.procs": "12\n0\n13\n",
            "mine/memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\noom_group_kill 0\n",
        },
    }
    for name, text in files[kind].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    place = Place(cgroups=str(tmp_path))
    source = UsageSource(kind, "/mine", 12)  # type: ignore[arg-type]

    assert members(source, place) == [12, 13]
    assert oom_kills(source, place) == 3
    assert oom_kills(replace(source, path="/elsewhere"), place) is None
