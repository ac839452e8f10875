"""`--client fasthttp` sends again what the loop would, counts it, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.load.client import LoadDriver
from bench.model import Closed, Trial
from proof.planted.start import planted
from tests.load.peers import peer
from tests.load.test_driver import COMMAND, ROOT, target, trial
from tests.load.test_unserved import Instead, busy, closed, each_fourth, reset

USERS = 4
LENGTH_S = 0.5


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver((*COMMAND, "--client", "fasthttp"), os.environ, ROOT, (), log) as running:
        yield running


def ran(driver: LoadDriver, url: str) -> Trial:
    driver.set_targets([target("a", url)], store=None)
    (found,) = driver.block([replace(trial("a", Closed(USERS)), length_s=LENGTH_S)])
    driver.set_targets([], store=None)
    return found


def test_what_the_server_has_read_is_asked_once(driver: LoadDriver) -> None:
    """A worker that dies at each twentieth request has so many errors, though they could be asked again."""
    every = 20
    with planted("wrong", fault="closed", every=every) as url:
        found = ran(driver, url)
    assert set(found.errors) == {"closed"}
    assert abs(found.failed - found.offered / every) <= 1 + USERS / every
    assert found.lost == 0


def test_a_kept_connection_that_was_gone_is_no_error(driver: LoadDriver) -> None:
    with planted("silent-close", answers=10) as url:
        found = ran(driver, url)
    assert found.offered > 10 * USERS
    assert found.ok == found.offered
    assert found.unserved == 0


@pytest.mark.parametrize("instead", [closed, reset, busy])
def test_new_connections_that_are_not_served_are_counted(driver: LoadDriver, instead: Instead) -> None:
    with peer(each_fourth(instead)) as server:
        found = ran(driver, server.url)
    assert found.unserved == (found.fresh or 0) // 4 > 0
