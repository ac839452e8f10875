"""`--client fasthttp` sends again what the loop would, counts it, and nothing else."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from select import select
from socket import socket

import pytest

from bench.load.client import LoadDriver
from bench.machine import process
from bench.model import TIMEOUT_S, Closed, Trial
from proof.planted.start import planted
from tests.load.peers import ANSWER, Peer, peer
from tests.load.test_driver import ROOT, new_driver, target, trial
from tests.load.test_unserved import Instead, busy, closed, each_fourth, reset, silent

USERS = 4
LENGTH_S = 0.5
LATE_S = 0.2


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), "--client", "fasthttp") as running:
        yield running


def ran(driver: LoadDriver, url: str, timeout_s: float = TIMEOUT_S) -> Trial:
    driver.set_targets([target("a", url)], store=None)
    order = replace(trial("a", Closed(USERS)), length_s=LENGTH_S, timeout_s=timeout_s)
    (found,) = driver.block([order])
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


def unread_at_last(_: Peer, connection: socket, over: threading.Event) -> None:
    """Answer once, then hold the second request up and never read it; new connections are as slow."""
    connection.recv(1 << 16)
    over.wait(LATE_S)
    connection.sendall(ANSWER)
    select([connection], [], [])
    over.wait(LATE_S)


def test_a_request_has_its_time_once_however_often_it_is_sent(driver: LoadDriver) -> None:
    with peer(unread_at_last) as server:
        found = ran(driver, server.url, timeout_s=1.5 * LATE_S)
    assert found.lost
    assert found.unfinished
    assert found.mean_s is not None
    assert found.mean_s < 1.5 * LATE_S


def dribbling(connection: socket, over: threading.Event) -> None:
    connection.recv(1 << 16)
    with suppress(OSError):
        for byte in ANSWER:
            connection.sendall(bytes([byte]))
            if over.wait(LATE_S):
                break


@pytest.mark.parametrize("instead", [silent, dribbling])
def test_new_connections_that_are_never_answered_whole_are_counted(
    driver: LoadDriver, instead: Instead
) -> None:
    with peer(each_fourth(instead)) as server:
        found = ran(driver, server.url, timeout_s=2 * LATE_S)
    assert found.unserved == (found.fresh or 0) // 4 > 0


def test_connections_are_let_go_of_without_a_garbage_collection() -> None:
    """There is none within a trial, which may need one for each request."""
    code = (
        "import gc\n"
        "from bench.load.locustclient import Carrier\n"
        "carrier = Carrier(1.0)\n"
        "gc.collect()\n"
        "gc.disable()\n"
        "for _ in range(9):\n    carrier.get_client('http://127.0.0.1:9')\n    carrier.close()\n"
        "print(gc.collect())\n"
    )
    assert process.run([sys.executable, "-c", code], cwd=ROOT).strip() == "0"
