"""Servers, or the load generator, in a second place, whose clock is ahead: what is measured is right."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.machine import confinement
from bench.machine.counters import read_host
from bench.machine.place import HERE, Place, compare
from bench.machine.processtree import process_tree
from bench.machine.usage import members
from bench.model import Closed, Open, TrialOrder
from bench.run.fleet import Fleet
from bench.run.member import Member
from tests.deploy.test_local import CPUS, ROOT, deployment
from tests.elsewhere import AHEAD_S, Elsewhere, elsewhere

SERVER = deployment(load_servers(ROOT / "docker-compose.yml", {})["gunicorn"])
LOADS = (Closed(4), Open(64, rate=200.0))
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


def measured(servers: Place, generator: Place, directory: Path, *options: str) -> Member:
    """Measure a server, and see that this machine's own clock and counters bear out what is said of it."""
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
            tree = [psutil.Process(pid) for pid in process_tree(member.target.usage.pid, HERE)]
            epoch_ns, used_s = time.monotonic_ns(), cpu_s(tree)
            trials = list(driver.block(orders(epoch_ns)))
            elapsed_s, used_s = (time.monotonic_ns() - epoch_ns) / 1e9, cpu_s(tree) - used_s
            fleet.read_idle_memory()
            fleet.read_processes()
            confined = confinement.read(members(member.target.usage, servers), servers)
        (record,) = fleet.records

    assert 0 < (record.start_s or 0) < (epoch_ns - began_ns) / 1e9
    assert (record.restarts, record.stopped_cleanly) == (0, True)
    assert (record.memory_idle_bytes or 0) > 1e6
    assert confined is not None
    assert confined.cpus == CPUS.server
    assert [trial.failed for trial in trials] == [0, 0]
    assert 0 < trials[0].at_s < trials[1].at_s < elapsed_s - trials[1].duration_s
    assert all(0 < (trial.mean_s or 0) < elapsed_s for trial in trials)
    assert all(trial.cpu_s for trial in trials)
    # Windows are a part of all that was counted, in ticks of user and of system time.
    assert sum(trial.cpu_s or 0 for trial in trials) <= used_s + 2 * TICK_S * len(tree)
    return member


def cpu_s(processes: Iterable[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def test_the_second_place_has_a_clock_and_a_network_of_its_own(there: Elsewhere) -> None:
    def uptime_ns() -> int:
        return round(float(there.read("/proc/uptime").split()[0]) * 1e9)

    assert compare(uptime_ns).offset_ns > compare(time.monotonic_ns).offset_ns + AHEAD_S * 0.9e9
    assert there.read("/proc/net/dev") != HERE.read("/proc/net/dev")
    assert read_host(there)["listen_drops"] == 0
    assert there.text("/proc/no such file") is None


def test_servers_elsewhere_are_measured_as_if_they_were_here(there: Elsewhere, tmp_path: Path) -> None:
    member = measured(there, HERE, tmp_path)

    assert member.target.url.startswith(f"http://{there.address}:")
    assert member.target.started_ns > AHEAD_S * 1e9


@pytest.mark.parametrize("options", [(), ("--processes", "2")], ids=["one process", "two processes"])
def test_a_generator_elsewhere_says_when_by_this_machines_clock(
    there: Elsewhere, tmp_path: Path, options: tuple[str, ...]
) -> None:
    measured(Place(there.neighbour), there, tmp_path, *options)
