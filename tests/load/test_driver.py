"""The real driver process, as the harness talks to it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from bench.load.client import LoadDriver
from bench.load.probe import accepting, addresses
from bench.load.protocol import line
from bench.machine import process
from bench.model import Closed, Load, Open, Target, TrialOrder, UsageSource
from bench.model.errors import DriverError
from bench.model.loads.arrivals import poisson
from proof.planted.start import planted, truth
from tests.load.trials import SECOND, decode

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "bench.load.driver")
CLOSED = Closed(4)
OPEN = Open(64, rate=300.0)


def new_driver(directory: Path, *options: str) -> LoadDriver:
    return LoadDriver((*COMMAND, *options), os.environ, ROOT, (), directory / "driver.log")


def target(name: str, url: str) -> Target:
    return Target(name, url, UsageSource("processes", pid=os.getpid()))


def trial(name: str, load: Load = CLOSED, *, order: int = 0, length_s: float = 0.1) -> TrialOrder:
    return TrialOrder(
        case=f"{name}/{load.model}",
        target=name,
        scenario="hello",
        load=load,
        length_s=length_s,
        settle_s=0.0 if load.model == "closed" else 0.05,
        round=1,
        block=2,
        order=order,
        seed="seed",
        database=None,
        epoch_ns=time.monotonic_ns(),
    )


def driver_process() -> psutil.Process:
    """The driver that this process has started last."""
    drivers = (c for c in psutil.Process().children() if "bench.load.driver" in c.cmdline())
    return max(drivers, key=psutil.Process.create_time)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver")) as running:
        yield running


@pytest.fixture(scope="module")
def right() -> Iterator[str]:
    with planted("length") as url:
        yield url


def test_a_block_measures_each_target_in_the_order_asked(driver: LoadDriver, right: str) -> None:
    with planted("wrong", every=10) as wrong:
        driver.set_targets([target("a", right), target("b", wrong)], store=None)
        orders = [
            trial(name, load, order=order)
            for order, (name, load) in enumerate([("a", CLOSED), ("b", OPEN), ("a", OPEN), ("b", CLOSED)])
        ]
        trials = list(driver.block(orders))
    assert [(t.case, t.order, t.round, t.block) for t in trials] == [
        (o.case, o.order, o.round, o.block) for o in orders
    ]
    for found in trials:
        assert found.offered == found.ok + found.failed + found.dropped + found.unfinished
        assert found.failed == sum(found.errors.values())
        assert found.ok > 0
        assert found.at_s > 0
        assert found.duration_s >= 0.1
        assert found.generator_cpu > 0
        assert found.cpu_s is not None
        assert found.lost == 0
        # Times are of what was sent within the window, counts of what ended in it.
        number = decode(found.histograms["latency/hello"]).get_total_count()
        assert abs(number - found.ok) <= (CLOSED.at_once if "closed" in found.case else 0)
    assert [set(t.errors) for t in trials] == [set(), {"status"}, set(), {"status"}]
    assert [set(t.histograms) for t in trials[:2]] == [
        {"latency/hello"},
        {"latency/hello", "service/hello", "lateness/all"},
    ]


def test_equal_seeds_offer_every_target_the_same_open_load(driver: LoadDriver, right: str) -> None:
    with planted("http10") as other:
        driver.set_targets([target("a", right), target("b", other)], store=None)
        first, second = driver.block([trial("a", OPEN), trial("b", OPEN)])
    due = poisson(300.0, round(0.15 * SECOND), random.Random("seed").getrandbits(63))
    assert first.offered == second.offered == sum(at > 0.05 * SECOND for at in due)


def test_forgotten_targets_are_disconnected(driver: LoadDriver, right: str) -> None:
    with planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
        list(driver.block([trial("a")]))
        driver.set_targets([target("b", right)], store=None)
        while (did := truth(url)).closed < did.opened - 1:
            time.sleep(0.005)
        assert did.opened - 1 >= CLOSED.at_once


def test_a_probe_finds_what_is_right(driver: LoadDriver, right: str) -> None:
    driver.set_targets([target("a", right)], store=None)
    before = time.monotonic()
    probed = driver.probe("a", "hello", None, timeout_s=10.0)
    assert probed.right
    assert (probed.fault, probed.detail) == ("", "")
    assert 0 <= probed.since_s <= time.monotonic() - before


@pytest.mark.parametrize(
    ("kind", "options", "fault", "detail"),
    [
        (
            "wrong",
            {"every": 1, "fault": "status"},
            "status",
            'expected status 200, the body "Hello, World!"; got status 500 Internal Server Error, ',
        ),
        ("wrong", {"every": 1, "fault": "body"}, "body", "hELLO, wORLD!"),
        ("wrong", {"every": 1, "fault": "truncated"}, "truncated", "after the head and 9 of 13 bytes"),
        ("wrong", {"every": 1, "fault": "closed"}, "closed", "it closed the connection without an answer"),
        ("wrong", {"every": 1, "fault": "reset"}, "reset", "connection reset by peer, after "),
        ("never", {}, "unfinished", "it accepted the connection and sent not a byte within 0.1 s"),
        ("deaf", {}, "unfinished", " within 0.1 s, which --timeout sets"),
        ("refusing", {}, "connect", "connection refused"),
    ],
)
def test_a_probe_says_what_is_wrong(
    driver: LoadDriver, kind: str, options: dict[str, str | int], fault: str, detail: str
) -> None:
    with planted(kind, **options) as url:
        driver.set_targets([target("a", url)], store=None)
        probed = driver.probe("a", "hello", None, timeout_s=0.1)
    assert not probed.right
    assert probed.fault == fault
    assert detail in probed.detail


def test_a_probe_waits_as_long_as_one_request_may_take(driver: LoadDriver) -> None:
    with planted("delayed", median_s=0.5, spread=0.0) as url:
        driver.set_targets([target("a", url)], store=None)
        impatient = driver.probe("a", "hello", None, timeout_s=0.05)
        patient = driver.probe("a", "hello", None, timeout_s=30.0)
    assert impatient.fault == "unfinished"
    assert patient.right


def test_probe_and_load_go_to_the_address_that_accepts(driver: LoadDriver, right: str) -> None:
    port = urlsplit(right).port
    if len(addresses(f"http://localhost:{port}")) < 2:
        pytest.skip("localhost has one address here")
    driver.set_targets([target("a", f"http://localhost:{port}")], store=None)
    probed = driver.probe("a", "hello", None, timeout_s=10.0)
    (found,) = driver.block([trial("a")])
    assert probed.right
    assert found.ok > 0
    assert not found.errors


def test_the_first_address_that_accepts_is_taken(right: str) -> None:
    (good,) = addresses(right)
    with planted("refusing") as url:
        (refusing,) = addresses(url)
        assert accepting([refusing, good, refusing]) == good
        assert accepting([refusing, refusing]) is None
        # There is nothing to choose.
        assert accepting([refusing]) == refusing


def test_a_target_that_is_gone_is_measured_as_errors(driver: LoadDriver) -> None:
    with planted("length") as url:
        driver.set_targets([target("a", url)], store=None)
        list(driver.block([trial("a")]))
    closed, opened = driver.block([trial("a"), trial("a", OPEN)])
    assert closed.ok == opened.ok == 0
    assert closed.errors.keys() == opened.errors.keys() == {"connect"}


def test_an_order_that_makes_no_sense_fails_and_the_driver_goes_on(driver: LoadDriver, right: str) -> None:
    driver.set_targets([target("a", right)], store=None)
    with pytest.raises(DriverError, match=r"the load driver failed: KeyError: 'nobody'; see .*driver\.log"):
        driver.probe("nobody", "hello", None, timeout_s=1.0)
    with pytest.raises(DriverError, match="the load driver failed: KeyError: 'nothing'"):
        driver.probe("a", "nothing", None, timeout_s=1.0)
    assert driver.probe("a", "hello", None, timeout_s=10.0).right


def test_a_driver_killed_midway_is_named_with_its_log(tmp_path: Path, right: str) -> None:
    with new_driver(tmp_path) as driver:
        driver.set_targets([target("a", right)], store=None)
        trials = driver.block([trial("a", length_s=0.05)] * 50)
        assert next(trials).ok > 0
        driver_process().kill()
        with pytest.raises(DriverError, match="was killed by SIGKILL; the kernel's log") as raised:
            list(trials)
        assert str(tmp_path / "driver.log") in str(raised.value)
        with pytest.raises(DriverError, match="was killed by SIGKILL; the kernel's log"):
            driver.set_targets([], store=None)


def test_a_driver_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise SystemExit('no such luck')")
    driver = LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log")
    with pytest.raises(DriverError, match="ended by itself with exit code 1") as raised, driver:
        pass
    assert "no such luck" in str(raised.value)


def test_words_that_are_not_of_the_protocol_are_an_error(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "print('hello there', flush=True); input()")
    driver = LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log")
    with pytest.raises(DriverError, match="the load driver said b'hello there'"), driver:
        pass


def test_leaving_ends_the_driver_even_in_the_middle_of_a_block(tmp_path: Path, right: str) -> None:
    with new_driver(tmp_path) as driver:
        driver.set_targets([target("a", right)], store=None)
        assert next(driver.block([trial("a"), trial("a", length_s=30.0)])).ok > 0
        child = driver_process()
    assert not child.is_running()


@pytest.mark.parametrize("last_order", [None, b'{"order":"end"}\n'])
def test_it_ends_by_itself_when_told_or_when_its_input_ends(last_order: bytes | None) -> None:
    child = process.spawn(
        COMMAND,
        environment=os.environ,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin as orders, child.stdout as events:
        try:
            assert b'"event":"ready"' in events.readline()
            orders.write(line({"order": "nonsense"}))
            orders.flush()
            assert b'"event":"failed"' in events.readline()
            if last_order is None:
                orders.close()
            else:
                orders.write(last_order)
                orders.flush()
            assert child.wait(30) == 0
            assert events.read() == b""
        finally:
            assert process.stop(child, signal.SIGKILL, 0.0)


def test_what_others_used_of_the_targets_cpus_is_counted(tmp_path: Path) -> None:
    """The truth: a target that uses nothing, on a CPU on which this process burns."""
    with new_driver(tmp_path) as driver, planted("length") as url:
        cpus = tuple(sorted(os.sched_getaffinity(0)))
        idle = subprocess.Popen(["sleep", "600"])
        try:
            usage = UsageSource("processes", pid=idle.pid)
            driver.set_targets([Target("x", url, usage, cpus=cpus), Target("y", url, usage)], None)
            alone, unknown = driver.block([trial("x", length_s=0.3), trial("y")])
        finally:
            idle.kill()
            idle.wait()
    assert "others_s" not in unknown.host
    assert 0 < alone.host["others_s"] < len(cpus) * alone.duration_s * 1.2 + 0.05
