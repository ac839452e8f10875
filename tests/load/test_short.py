"""A driver that has too few file descriptors: its own errors, or one clear message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.model import Closed, Connection, CpuSplit, Open
from bench.model.errors import MachineError
from bench.run.calibrate import NULL_DEPLOYMENT, calibrate
from proof.planted.start import planted
from tests.load.test_driver import COMMAND, ROOT, target, trial

MESSAGE = "the load generator ran out of file descriptors (ulimit -n): run `ulimit -n 4096` before"


def limited(directory: Path, files: int, *options: str) -> LoadDriver:
    """A driver that may have so many descriptors open, in each of its processes."""
    shell = ("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh")
    return LoadDriver([*shell, *COMMAND, *options], os.environ, ROOT, (), directory / "driver.log")


@pytest.mark.parametrize("options", [(), ("--processes", "2"), ("--client", "fasthttp")])
def test_connections_that_cannot_be_opened_are_the_generators_own_errors(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with planted("length") as url, limited(tmp_path, 40, *options) as driver:
        driver.set_targets([target("a", url)], store=None)
        [found] = driver.block([trial("a", Closed(128))])
    assert set(found.errors) == {"descriptors"}
    assert found.failed == found.errors["descriptors"]
    assert found.offered == found.ok + found.failed + found.dropped + found.unfinished


@pytest.mark.parametrize("connection", ["as-is", "close"])
def test_open_load_counts_them_too(tmp_path: Path, connection: Connection) -> None:
    with planted("delayed", median_s=0.5, spread=0.0) as url, limited(tmp_path, 40) as driver:
        driver.set_targets([target("a", url)], store=None)
        load = Open(256, rate=2000.0, connection=connection)
        [found] = driver.block([trial("a", load)])
    assert set(found.errors) == {"descriptors"}


def test_a_driver_that_cannot_even_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(MachineError) as raised, limited(tmp_path, 14, "--processes", "2"):
        pass
    assert str(raised.value).startswith(MESSAGE)
    assert str(tmp_path / "driver.log") in str(raised.value)


def test_a_ceiling_found_with_too_little_is_none(tmp_path: Path) -> None:
    cpus = tuple(os.sched_getaffinity(0))
    null = (NULL_DEPLOYMENT,)
    with (
        LocalRuntime(tmp_path, CpuSplit(cpus, cpus, cpus), null, checkouts=this_checkout(ROOT)) as runtime,
        limited(tmp_path, 20) as driver,
        pytest.raises(MachineError, match="ran out of file descriptors"),
    ):
        calibrate(runtime, driver, {}, blocks=1, seed=0, epoch_ns=0)


def test_one_that_has_none_left_for_the_next_target_says_why(tmp_path: Path) -> None:
    with planted("length") as url, limited(tmp_path, 40) as driver:
        driver.set_targets([target("a", url)], store=None)
        kept, closed = Closed(64), Closed(64, connection="close")
        trials = driver.block([trial("a", kept), trial("a", closed)])
        assert next(trials).errors.keys() == {"descriptors"}
        with pytest.raises(MachineError, match="ran out of file descriptors"):
            next(trials)
        with pytest.raises(MachineError, match="ran out of file descriptors"):
            driver.probe("a", "hello", None, timeout_s=1.0)
