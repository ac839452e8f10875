"""A port that is taken between being found free and being bound."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.deploy.redisprocess import RedisProcess
from bench.load.client import LoadDriver
from bench.machine.place import HERE, Place
from bench.model import App, CpuSplit, Deployment
from bench.model.errors import StoreError
from bench.run.fleet import Fleet
from tests.cli.conftest import ROOT

CPUS = CpuSplit(*[tuple(sorted(os.sched_getaffinity(0)))[:1]] * 3)
HELLO = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has bound, who doesn't listen yet: whoever asks there is refused at once."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        yield other.getsockname()[1]


@pytest.mark.parametrize("name", ["wsgiref", "werkzeug", "waitress", "gunicorn", "uwsgi"])
def test_a_server_whose_port_was_taken_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int, name: str
) -> None:
    ports = iter([taken, HERE.free_port()])
    monkeypatch.setattr(Place, "free_port", lambda _place: next(ports))
    server = load_servers(ROOT / "docker-compose.yml", {})[name]
    deployment = Deployment(f"{name}.hello", server, HELLO, database=1)
    with LocalRuntime(tmp_path, CPUS, [deployment], checkouts=this_checkout(ROOT)) as runtime:
        command, environment = runtime.driver_command(())
        with (
            LoadDriver(command, environment, ROOT, CPUS.generator, tmp_path / "driver.log") as driver,
            Fleet(runtime, driver, 1) as fleet,
        ):
            fleet.start([(deployment, ("hello",))])

            assert fleet.failures == []
            assert list(fleet.members) == [deployment.name]


def test_redis_whose_port_was_taken_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    ports = iter([taken, HERE.free_port()])
    monkeypatch.setattr(Place, "free_port", lambda _place: next(ports))
    with RedisProcess(tmp_path, CPUS.store, HERE) as opened:
        assert opened.address[1] != taken


def test_another_redis_on_the_port_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RedisProcess(tmp_path, CPUS.store, HERE) as other:
        monkeypatch.setattr(Place, "free_port", lambda _place: other.address[1])
        third = RedisProcess(tmp_path, CPUS.store, HERE)
        with pytest.raises(StoreError, match="Address already in use"), third:
            pass
