"""CPU time of processes that live for one request: what the server says it burnt is what is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy import cgroup
from bench.deploy.local import LocalRuntime
from bench.machine.place import HERE, Place
from bench.machine.usage import open_usage
from bench.model import Target, UsageSource
from tests.deploy.forking import HELD_BYTES
from tests.deploy.test_local import CPUS, HELLO, ROOT, deployment, fetch, started

REQUESTS = 50
PLAIN = load_servers(ROOT / "docker-compose.yml", {})["wsgiref"]


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[LocalRuntime]:
    with runtime_at(HERE, tmp_path) as opened:
        yield opened


def runtime_at(place: Place, directory: Path) -> LocalRuntime:
    return LocalRuntime(directory, CPUS, [deployment(PLAIN)], checkouts=this_checkout(ROOT), place=place)


def forking(runtime: LocalRuntime, way: str) -> Target:
    command = (sys.executable, "-m", "tests.deploy.forking", way)
    target = started(runtime, deployment(replace(PLAIN, command=command), HELLO))
    fetch(runtime, target)
    return target


def burnt_and_read(target: Target, source: UsageSource, place: Place = HERE) -> tuple[int, int | None]:
    """CPU time that the server says its children burnt for some requests, and what was read of it."""
    reader = open_usage(source, place)
    assert reader is not None
    reader.begin()
    burnt = 0
    for _ in range(REQUESTS):
        with urlopen(target.url, timeout=10) as response:
            burnt += int(response.read())
    reader.end()
    read = reader.used_ns()
    reader.close()
    return burnt, read


def processes(target: Target) -> UsageSource:
    return UsageSource("processes", pid=target.usage.pid)


def test_children_that_live_for_a_request_are_counted(runtime: LocalRuntime) -> None:
    target = forking(runtime, "waits")
    burnt, read = burnt_and_read(target, processes(target))

    assert read is not None
    # Forking costs something, too, but not as much again.
    assert burnt * 0.5 < read < burnt * 3


def test_children_that_nobody_collects_make_the_figure_absent_not_small(runtime: LocalRuntime) -> None:
    target = forking(runtime, "ignores")
    _, read = burnt_and_read(target, processes(target))

    assert read is None


@pytest.mark.parametrize("way", ["waits", "ignores", "orphans"])
@pytest.mark.parametrize("root", ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"])
def test_a_cgroup_counts_them_whoever_collects_them(tmp_path: Path, root: str, way: str) -> None:
    # Where v1 has the controllers, systemd mounts v2 below: so both are tried on one machine.
    place = Place(cgroups=root)
    with runtime_at(place, tmp_path) as runtime:
        target = forking(runtime, way)
        if target.usage.kind == "processes":
            pytest.skip("no cgroup can be made here")
        burnt, read = burnt_and_read(target, target.usage, place)

    assert read is not None
    assert burnt * 0.5 < read < burnt * 3


def test_memory_of_a_daemon_is_that_of_the_server_that_started_it(runtime: LocalRuntime) -> None:
    target = forking(runtime, "daemon")
    if target.usage.kind == "processes":
        pytest.skip("no cgroup can be made here")
    current, peak = runtime.memory_bytes(target)

    assert HELD_BYTES < (current or 0) <= (peak or 0)


def test_a_cgroup_goes_with_its_server(runtime: LocalRuntime) -> None:
    target = forking(runtime, "orphans")
    if target.usage.kind == "processes":
        pytest.skip("no cgroup can be made here")
    (directory,) = made_by(os.getpid())
    assert str(target.usage.pid) in (directory / "cgroup.procs").read_text().split()

    runtime.stop([target])

    assert not made_by(os.getpid())


def made_by(pid: int) -> list[Path]:
    """The cgroups that a process has made and that are still there."""
    directory, _ = cgroup.own(HERE)
    return list(directory.glob(f"wsgi-bench-*-{pid}-*"))


def test_what_a_killed_run_left_is_removed_once_nothing_runs_in_it() -> None:
    killed = """
import os, signal, subprocess, sys
from bench.deploy import cgroup
from bench.machine.place import HERE
group = cgroup.make(HERE)
if group is None:
    os._exit(9)
child = subprocess.Popen(["sleep", "600"])
group.doors[0].write_text(str(child.pid))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with subprocess.Popen(
        [sys.executable, "-c", killed], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as harness:
        assert harness.stdout is not None
        said = harness.stdout.readline()
    if not said:
        pytest.skip("no cgroup can be made here")
    try:
        (left,) = made_by(harness.pid)
        assert left.name not in cgroup.remove_leftovers(HERE), "a process lives in it"
    finally:
        os.kill(int(said), signal.SIGKILL)
        psutil.wait_procs([psutil.Process(int(said))] if psutil.pid_exists(int(said)) else [])
    # Another run on this machine may have removed it first.
    cgroup.remove_leftovers(HERE)
    assert not left.exists()


def test_a_cgroup_of_a_run_that_goes_on_is_left_alone() -> None:
    group = cgroup.make(HERE)
    if group is None:
        pytest.skip("no cgroup can be made here")
    try:
        assert group.directory.name not in cgroup.remove_leftovers(HERE)
        assert group.directory.exists()
    finally:
        group.remove()
    assert not group.directory.exists()
