"""A server that doesn't answer rightly: how often it is asked, when it is given up, what is said of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import socket
from threading import Event

import pytest

from bench.deploy.external import URL_VARIABLE, ExternalRuntime, target_server
from bench.load.client import LoadDriver
from bench.model import App, CpuSplit, Deployment, Failure
from bench.run.fleet import Fleet
from tests.load import peers

ROOT = Path(__file__).parents[2]
HELLO = App("external", "", ("hello",), redis=False, seed=())

MOST_REQUESTS = 40


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver((sys.executable, "-m", "bench.load.driver"), os.environ, ROOT, (), log) as running:
        yield running


def deployment(name: str, url: str) -> Deployment:
    return Deployment(name, target_server(name, url), HELLO, database=1)


def started(driver: LoadDriver, tmp_path: Path, urls: dict[str, str], told: list[Failure]) -> Fleet:
    """A fleet of servers that run already, with one second for each request."""
    wanted = [deployment(name, url) for name, url in urls.items()]
    assert all(one.server.environment[URL_VARIABLE] for one in wanted)
    cpus = CpuSplit((), (), ())
    with ExternalRuntime(tmp_path, cpus, wanted, dict.fromkeys(urls, ("127.0.0.1",))) as runtime:
        fleet = Fleet(runtime, driver, 1, timeout_s=1.0, failed=told.append)
        with fleet:
            fleet.start((one, ("hello",)) for one in wanted)
    return fleet


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (
            peers.closing,
            "no whole answer in scenario hello: GET /: it closed the connection without an answer",
        ),
        (
            peers.streaming,
            "in scenario hello: GET /: ",
        ),
        (
            peers.silent,
            "no right answer: GET /: it accepted the connection and sent not a byte within 1 s, "
            "which --timeout sets",
        ),
    ],
    ids=["closing", "streaming", "silent"],
)
def test_a_server_that_answers_wrongly_again_and_again_is_given_up(
    driver: LoadDriver, tmp_path: Path, serve: peers.Serve, words: str
) -> None:
    told: list[Failure] = []
    with peers.peer(serve) as wrong, peers.peer(peers.right) as right:
        fleet = started(driver, tmp_path, {"wrong": wrong.url, "right": right.url}, told)
    assert list(fleet.members) == ["right"]
    assert told == fleet.failures
    (failure,) = told
    assert words in failure.reason
    assert 1 < wrong.requests <= MOST_REQUESTS, "it is asked less and less often"


def test_a_failure_is_told_before_the_next_server_is_started(driver: LoadDriver, tmp_path: Path) -> None:
    events: list[str] = []

    class Telling(list[Failure]):
        def append(self, failure: Failure) -> None:
            events.append(f"{failure.deployment} failed")
            super().append(failure)

    def noting(found: peers.Peer, connection: socket, over: Event) -> None:
        events.append("the next is asked")
        peers.right(found, connection, over)

    with peers.peer(peers.closing) as wrong, peers.peer(noting) as right:
        started(driver, tmp_path, {"wrong": wrong.url, "right": right.url}, Telling())
    assert events[0] == "wrong failed"
    assert "the next is asked" in events


def test_a_server_that_answers_wrongly_at_first_is_waited_for(driver: LoadDriver, tmp_path: Path) -> None:
    def late(found: peers.Peer, connection: socket, over: Event) -> None:
        serve = peers.closing if found.requests < 5 else peers.right
        serve(found, connection, over)

    with peers.peer(late) as found:
        fleet = started(driver, tmp_path, {"late": found.url}, [])
    assert list(fleet.members) == ["late"]
    assert fleet.failures == []
