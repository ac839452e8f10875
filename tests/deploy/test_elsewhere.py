"""Servers, or the load generator, in a second place: what is measured doesn't depend on whose clock is ahead."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.machine import confinement, kernel
from bench.machine.counters import read_host
from bench.machine.place import HERE, Place
from bench.machine.processtree import process_tree
from bench.machine.usage import members
from bench.model import Load, Trial, TrialOrder
from bench.run.fleet import Fleet, Member
from tests.deploy.test_local import CPUS, ROOT, deployment
from tests.elsewhere import AHEAD_S, Elsewhere, elsewhere

SERVER = deployment(load_servers(ROOT / "docker-compose.yml", {})["gunicorn"])
LOADS = (Load("closed", users=4), Load("open", users=64, rate=200.0))
TICK_S = 0.01


@pytest.fixture(scope="module")
def there() -> Iterator[Elsewhere]:
    with elsewhere() as place:
        yield place


def orders(epoch_ns: int) -> list[TrialOrder]:
    return [
        TrialOrder(
            case=load.model, target=SERVER.name, scenario="hello", load=load, length_s=0.3, settle_s=0.05,
            round=1, block=1, order=number, seed="seed", database=None, epoch_ns=epoch_ns,
        )
        for number, load in enumerate(LOADS)
    ]  # fmt: skip


def measured(servers: Place, generator: Place, directory: Path, *options: str) -> tuple[Member, list[Trial]]:
    """A server and its trials, with what can be said of them by this machine's clock and counters held true."""
    command = generator.command([sys.executable, "-m", "bench.load.driver", *options])
    with LocalRuntime(directory, CPUS, [SERVER], checkouts=this_checkout(ROOT), place=servers) as runtime:
        _, environment = runtime.driver_command(())
        began_ns = time.monotonic_ns()
        with (
            LoadDriver(command, environment, ROOT, CPUS.generator, directory / "driver.log") as driver,
            Fleet(runtime, driver, 1) as fleet,
        ):
            fleet.start([(SERVER, ("hello",))])
            assert fleet.failures == []
            (member,) = fleet.members.values()
            started_s, epoch_ns = (time.monotonic_ns() - began_ns) / 1e9, time.monotonic_ns()
            used_s = cpu_of_tree(member)
            trials = list(driver.block(orders(epoch_ns)))
            used_s, elapsed_s = cpu_of_tree(member) - used_s, (time.monotonic_ns() - epoch_ns) / 1e9
            fleet.read_idle_memory()
            fleet.read_processes()
            confined = confinement.read(members(member.target.usage, servers), servers)
        (record,) = fleet.records
    assert member.start_s is not None
    assert 0 < member.start_s < started_s
    assert (record.restarts, record.stopped_cleanly) == (0, True)
    assert (record.memory_idle_bytes or 0) > 1e6
    assert confined is not None
    assert confined.cpus == CPUS.server
    assert [trial.failed for trial in trials] == [0, 0]
    assert 0 < trials[0].at_s < trials[1].at_s < elapsed_s - trials[1].duration_s
    assert all(0 < (trial.mean_s or 0) < elapsed_s for trial in trials)
    cpu_s = [trial.cpu_s or 0.0 for trial in trials]
    assert min(cpu_s) > 0
    # Windows are only a part of what this machine has counted, in ticks a process.
    assert sum(cpu_s) <= used_s + TICK_S * len(process_tree(member.target.usage.pid, HERE) or [0, 0, 0])
    return member, trials


def cpu_of_tree(member: Member) -> float:
    return sum(
        sum(psutil.Process(pid).cpu_times()[:2]) for pid in process_tree(member.target.usage.pid, HERE)
    )


def test_a_second_place_has_its_own_clock_and_network(there: Elsewhere) -> None:
    before_ns = time.monotonic_ns()
    now_ns = there.clock.now_ns()

    assert abs(now_ns - before_ns - AHEAD_S * 1e9) < 60e9
    there_max, here_max = (
        kernel.sysctl(there, "net/core/somaxconn"),
        kernel.sysctl(HERE, "net/core/somaxconn"),
    )
    assert here_max is not None
    assert there_max is not None
    assert kernel.sysctl(there, "net/ipv4/no_such_setting") is None
    assert read_host(there)["listen_drops"] == 0


def test_servers_elsewhere_are_measured_as_if_they_were_here(there: Elsewhere, tmp_path: Path) -> None:
    member, _ = measured(there, HERE, tmp_path)

    assert member.target.url.startswith(f"http://{there.address}:")
    assert member.target.started_ns > AHEAD_S * 1e9


@pytest.mark.parametrize("options", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_a_generator_elsewhere_says_when_by_this_machines_clock(
    there: Elsewhere, tmp_path: Path, options: tuple[str, ...]
) -> None:
    measured(Place(there.neighbour), there, tmp_path, *options)
