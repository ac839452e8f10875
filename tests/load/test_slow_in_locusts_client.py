"""`--client fasthttp` counts, like the loop, up to an answer: of a slow server there is one in the window."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from socket import socket

import pytest

from bench.load.client import LoadDriver
from bench.model import Closed
from proof.planted.start import planted
from tests.load import peers
from tests.load.test_driver import new_driver, target, trial

LENGTH_S, LONGER_S = 0.01, 0.6


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    with new_driver(tmp_path_factory.mktemp("driver"), "--client", "fasthttp") as running:
        yield running


def test_answers_that_take_longer_than_the_trial_are_counted(driver: LoadDriver) -> None:
    with planted("delayed", median_s=LONGER_S, spread=0.0) as url:
        driver.set_targets([target("a", url)], None)
        (found,) = driver.block([trial("a", Closed(2), length_s=LENGTH_S)])
        driver.set_targets([], None)

    assert found.ok == found.offered > 0


def test_users_go_on_until_those_who_wait_are_answered(driver: LoadDriver) -> None:
    connections = itertools.count()
    meanwhile: list[int] = []

    def one_is_slow(found: peers.Peer, connection: socket, over: threading.Event) -> None:
        slow = next(connections) == 0
        while peers.asked(found, connection):
            before = found.requests
            if slow:
                over.wait(LONGER_S)
                meanwhile.append(found.requests - before)
            connection.sendall(peers.ANSWER)

    with peers.peer(one_is_slow) as found:
        driver.set_targets([target("a", found.url)], None)
        list(driver.block([trial("a", Closed(2), length_s=LENGTH_S)]))
        driver.set_targets([], None)

    _while_settling, after_the_window = meanwhile[:2]
    # Were they to stop at its end, the other one would have one request under way.
    assert after_the_window > 4
