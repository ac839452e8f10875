"""A round's deployments, for real: slow ones are waited for, and one that can't be stopped costs no other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.load.client import LoadDriver
from bench.model import App, Closed, CpuSplit, Deployment, Target, TrialOrder
from bench.model.errors import BenchError, EngineError
from bench.run.fleet import Fleet

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
CPUS = CpuSplit(*[tuple(sorted(os.sched_getaffinity(0)))[:1]] * 3)
HELLO = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())
SLOW = App("slow", "tests.deploy.slow_answer:application", ("hello",), redis=False, seed=())
SHORT_LIVED = App("short", "tests.deploy.slow_answer:mortal", ("hello",), redis=False, seed=())


def deployment(name: str, app: App) -> Deployment:
    return Deployment(f"{name}.{app.name}", SERVERS[name], app, database=1)


class Unwilling(LocalRuntime):
    """Stops servers, and says of wsgiref that it couldn't."""

    problem: BenchError = BenchError("no")

    def stop(self, targets: Sequence[Target]) -> set[str]:
        ended = super().stop(targets)
        if any(target.deployment.startswith("wsgiref.") for target in targets):
            raise self.problem
        return ended


class Watching(LocalRuntime):
    """Counts what is still connected to a server when it is stopped."""

    connected: int | None = None

    def stop(self, targets: Sequence[Target]) -> set[str]:
        [port] = [urlsplit(target.url).port for target in targets]
        self.connected = sum(
            port in found.raddr and found.status == psutil.CONN_ESTABLISHED
            for found in psutil.net_connections("tcp")
        )
        return super().stop(targets)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Unwilling]:
    with Unwilling(tmp_path, CPUS, [], checkouts=this_checkout(ROOT)) as opened:
        yield opened


@pytest.fixture
def driver(runtime: Unwilling, tmp_path: Path) -> Iterator[LoadDriver]:
    command, environment = runtime.driver_command(())
    with LoadDriver(command, environment, ROOT, (), tmp_path / "driver.log") as opened:
        yield opened


def test_an_app_that_takes_longer_than_a_probe_is_waited_for(runtime: Unwilling, driver: LoadDriver) -> None:
    with Fleet(runtime, driver, 1) as fleet:
        fleet.start([(deployment("waitress", SLOW), ("hello",))])

    assert fleet.failures == []
    assert list(fleet.members) == ["waitress.slow"]


def test_a_server_that_ends_while_it_is_asked_is_a_failure(runtime: Unwilling, driver: LoadDriver) -> None:
    with Fleet(runtime, driver, 1) as fleet:
        fleet.start([(deployment("waitress", SHORT_LIVED), ("hello",))])

    (failure,) = fleet.failures
    assert failure.reason.startswith("the server ended before it answered: it ")


def test_the_load_has_let_go_of_a_server_that_is_stopped(tmp_path: Path) -> None:
    gunicorn = deployment("gunicorn", HELLO)
    order = TrialOrder("c", gunicorn.name, "hello", Closed(4), 0.1, 0.0, 1, 0, 0, "s", None, 0)
    with Watching(tmp_path, CPUS, [], checkouts=this_checkout(ROOT)) as runtime:
        command, environment = runtime.driver_command(())
        with (
            LoadDriver(command, environment, ROOT, (), tmp_path / "driver.log") as driver,
            Fleet(runtime, driver, 1) as fleet,
        ):
            fleet.start([(gunicorn, ("hello",))])
            (trial,) = driver.block([order])

    assert trial.ok > 0
    assert runtime.connected == 0


def test_what_was_measured_outlives_a_server_that_cannot_be_stopped(
    runtime: Unwilling, driver: LoadDriver
) -> None:
    fleet = Fleet(runtime, driver, 1)
    with pytest.raises(BenchError, match="no"), fleet:
        fleet.start((deployment(name, HELLO), ("hello",)) for name in ("wsgiref", "waitress"))

    assert [(record.deployment, record.stopped_cleanly) for record in fleet.records] == [
        ("wsgiref.hello", False),
        ("waitress.hello", False),
    ]
    assert all(record.start_s for record in fleet.records)


def test_an_engine_that_is_gone_explains_what_else_went_wrong(runtime: Unwilling, driver: LoadDriver) -> None:
    def one_and_then_trouble() -> Iterator[tuple[Deployment, tuple[str, ...]]]:
        yield deployment("wsgiref", HELLO), ("hello",)
        raise BenchError("the driver hears nothing")

    runtime.problem = EngineError("gone")
    with pytest.raises(EngineError, match="gone"), Fleet(runtime, driver, 1) as fleet:
        fleet.start(one_and_then_trouble())
