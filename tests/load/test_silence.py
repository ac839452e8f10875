"""Processes of the generator that are silent while they wait are not taken for lost."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.load.client import LoadDriver
from bench.model import Open
from bench.model.errors import TimeIsUp
from tests.load import peers
from tests.load.test_driver import ROOT, target, trial

LOAD = Open(50, 100.0)
# Of locust's patience: an interval of 1 s, of which the fifth in a row is one too many.
LONGER_S = 6.5


@pytest.mark.slow
def test_workers_that_all_wait_for_slow_answers_go_on_afterwards(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "bench.load.driver", "--processes", "2")
    with (
        LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log") as driver,
        peers.peer(peers.silent) as silent,
        peers.peer(peers.right) as right,
    ):
        driver.set_targets([target("a", silent.url), target("b", right.url)], None)
        waits, goes_on = driver.block([replace(trial("a", LOAD), timeout_s=LONGER_S), trial("b", LOAD)])
        driver.set_targets([], None)

    assert waits.unfinished == waits.offered > 0
    assert goes_on.ok == goes_on.offered > 0


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_trial_is_broken_off_once_time_is_up(processes: int, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "bench.load.driver", "--processes", str(processes))
    with (
        peers.peer(peers.silent) as silent,
        peers.peer(peers.right) as right,
        LoadDriver(command, os.environ, ROOT, (), tmp_path / "driver.log") as driver,
    ):
        driver.set_targets([target("a", silent.url), target("b", right.url)], None)
        orders = [trial("b", LOAD), replace(trial("a", LOAD), timeout_s=60.0)]
        trials = driver.block(orders, time.monotonic() + 5)
        assert next(trials).ok > 0
        with pytest.raises(TimeIsUp):
            next(trials)
