"""Other ways to generate the same load: several processes, and locust's own client."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.load.client import LoadDriver
from bench.load.clock import now_ns
from bench.load.shared_trial import merge, split
from bench.machine import priority
from bench.machine.place import HERE
from bench.machine.priority import Priority
from bench.model import Closed, Open, Trial
from bench.model.errors import DriverError
from proof.planted.start import planted, truth
from tests.load.test_driver import COMMAND, ROOT, driver_process, target, trial
from tests.load.trials import decode
from tests.patience import HANGS_S
from tests.required import lacks

CLOSED = Closed(5)
OPEN = Open(64, rate=300.0)
PROCESSES = 3
WAYS = {
    "processes": ("--processes", str(PROCESSES)),
    "fasthttp": ("--client", "fasthttp"),
    "both": ("--processes", "2", "--client", "fasthttp"),
}


def new_driver(directory: Path, way: str) -> LoadDriver:
    return LoadDriver((*COMMAND, *WAYS[way]), os.environ, ROOT, (), directory / "driver.log")


@pytest.fixture(scope="module", params=WAYS)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), request.param) as running:
        yield running


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), "processes") as running:
        yield running


def test_each_counts_what_the_server_did(driver: LoadDriver) -> None:
    with planted("length") as right, planted("wrong", every=4) as wrong:
        driver.set_targets([target("a", right), target("b", wrong)], store=None)
        orders = [trial(name, load, length_s=0.3) for load in (CLOSED, OPEN) for name in ("a", "b")]
        trials = list(driver.block(orders))
        did = truth(right)
    for found in trials:
        assert found.offered == found.ok + found.failed + found.dropped + found.unfinished
        assert found.ok > 0
        assert found.failed == sum(found.errors.values())
        assert found.duration_s >= 0.3
        assert found.generator_cpu > 0
        # Times are of what was sent within the window, counts of what ended in it.
        number = decode(found.histograms["latency/hello"]).get_total_count()
        assert abs(number - found.ok) <= (CLOSED.at_once if "closed" in found.case else 0)
        assert found.mean_s is not None
    assert [set(found.errors) for found in trials] == [set(), {"status"}, set(), {"status"}]
    assert sum(t.sent or 0 for t in trials if t.case.startswith("a/")) == len(did.answered)
    for wrong_closed in trials[1::2]:
        assert wrong_closed.failed / wrong_closed.offered == pytest.approx(0.25, abs=0.1)
    # Little's law, loosely: each process has a window of its own. Added up they would be off by a factor.
    closed = trials[0]
    assert closed.mean_s is not None
    assert closed.ok / closed.duration_s * closed.mean_s == pytest.approx(CLOSED.at_once, rel=0.45)


def test_each_sees_connections_that_are_closed_after_each_answer(driver: LoadDriver) -> None:
    with planted("length") as kept, planted("announced-close") as closing:
        driver.set_targets([target("a", kept), target("b", closing)], store=None)
        keeps, closes = driver.block([trial(name, CLOSED, length_s=0.3) for name in ("a", "b")])
    assert keeps.connections <= CLOSED.at_once
    assert closes.connections > closes.ok / 2


def test_each_asks_for_a_connection_a_request(driver: LoadDriver) -> None:
    with planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
        (found,) = driver.block([trial("a", replace(CLOSED, connection="close"), length_s=0.3)])
    assert found.ok > 0
    assert found.connections > found.ok / 2


def test_each_names_a_server_that_is_gone(driver: LoadDriver) -> None:
    with planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
    (found,) = driver.block([trial("a", OPEN)])
    assert found.ok == 0
    assert found.errors.keys() == {"connect"}


@pytest.mark.slow
def test_locusts_master_keeps_hearing_from_its_workers(tmp_path: Path) -> None:
    """A trial longer than locust waits for a heartbeat, which would have the worker's user taken away."""
    with new_driver(tmp_path, "processes") as driver, planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
        long, after = driver.block([trial("a", OPEN, length_s=6.0), trial("a", CLOSED)])
    assert long.ok > 0
    assert after.ok > 0
    assert "missing" not in (tmp_path / "driver.log").read_text()


def test_a_worker_that_dies_is_named_and_none_is_left(tmp_path: Path) -> None:
    with new_driver(tmp_path, "processes") as driver, planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
        workers = driver_process().children(recursive=True)
        assert len(workers) == PROCESSES
        workers[0].kill()
        with pytest.raises(DriverError, match="a worker of the load driver was killed by SIGKILL"):
            list(driver.block([trial("a", CLOSED)]))
    assert gone(workers)


def test_workers_end_with_a_master_that_is_killed(tmp_path: Path) -> None:
    with new_driver(tmp_path, "processes"):
        master = driver_process()
        workers = master.children(recursive=True)
        assert len(workers) == PROCESSES
        master.kill()
        assert gone(workers)


@pytest.mark.parametrize(("users", "rate"), [(16, None), (7, None), (2, None), (256, 1000.0)])
def test_a_trial_is_dealt_out_whole(users: int, rate: float | None) -> None:
    order = trial("a", Open(users, rate) if rate else Closed(users))
    parts = split(order, PROCESSES)
    assert len(parts) == min(users, PROCESSES)
    if rate is None:
        assert sum(part.load.at_once for part in parts) == users
    else:
        # What is under way varies more in a part than in the whole.
        assert all(users / PROCESSES < part.load.at_once < users for part in parts)
    assert len({part.load.at_once for part in parts}) <= 2
    assert len({part.opens_ns for part in parts}) == 1
    assert len({part.seed for part in parts}) == len(parts)
    if rate is not None:
        assert sum(part.load.rate or 0.0 for part in parts) == pytest.approx(rate)


def test_parts_add_up(processes: LoadDriver) -> None:
    with planted("length") as url, planted("wrong", every=3) as wrong:
        processes.set_targets([target("a", url), target("b", wrong)], store=None)
        parts = list(processes.block([trial("a", OPEN), trial("b", OPEN)]))
    whole = merge(parts)
    for name in ("offered", "ok", "failed", "dropped", "unfinished", "connections", "lost"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    assert Counter(whole.errors) == Counter(parts[0].errors) + Counter(parts[1].errors)
    assert counts(whole) == counts(parts[0]) + counts(parts[1])
    assert whole.mean_s == pytest.approx(
        sum((part.mean_s or 0.0) * part.offered for part in parts) / whole.offered
    )


def counts(found: Trial) -> Counter[tuple[str, int]]:
    """How often each histogram holds each value."""
    return Counter(
        {
            (name, item.value_iterated_to): item.count_at_value_iterated_to
            for name, encoded in found.histograms.items()
            for item in decode(encoded).get_recorded_iterator()
        }
    )


def gone(workers: list[psutil.Process]) -> bool:
    """Whether all have ended, in a minute at most."""
    deadline = time.monotonic() + HANGS_S
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_several_processes_settle_as_long_as_answers_take() -> None:
    """The first answers of a queue come sooner than later ones: a window that opens then counts too many."""
    order = trial("a", CLOSED)
    before = now_ns()
    (soon, *_), (late, *_) = split(order, 2), split(order, 2, answer_s=0.8)
    assert soon.opens_ns is not None
    assert late.opens_ns is not None
    assert late.opens_ns - before >= 1.5 * 0.8 * 1e9
    assert late.opens_ns - soon.opens_ns >= 1e9


@pytest.mark.parametrize(("processes", "realtime"), [(1, True), (2, False)])
def test_generators_that_share_a_cpu_do_not_starve_each_other(
    tmp_path: Path, processes: int, realtime: bool
) -> None:
    """In real time one of them would have it until it sleeps."""
    if not priority.permitted(HERE):
        lacks("A process may not come before others here")
    cpu = min(os.sched_getaffinity(0))
    asked = Priority(priority.NICE, realtime=True)
    command = (*COMMAND, "--processes", str(processes))
    with LoadDriver(command, os.environ, ROOT, (cpu,), tmp_path / "driver.log", asked) as driver:
        read = driver.confinement()
    assert read is not None
    assert (read.weight, read.realtime) == (priority.WEIGHT, realtime)
