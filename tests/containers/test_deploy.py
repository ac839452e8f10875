"""Every server of the compose file in its container, and what a run leaves behind: nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy import networks, ownership
from bench.deploy.compose import ComposeRuntime
from bench.deploy.engine import Engine, find_engine
from bench.load.client import LoadDriver
from bench.machine.environment import split_cpus
from bench.machine.place import HERE, Place
from bench.machine.process import run, spawn
from bench.model import App, Closed, Deployment, Failure, Server, Target, TrialOrder, UsageSource
from bench.model.errors import EngineError, Interrupted
from tests.patience import HANGS_S

pytestmark = [pytest.mark.containers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
APPS = load_apps(ROOT / "apps/apps.toml")
CPUS = split_cpus()
UNIMPORTABLE = App("no", "apps.no.wsgi:application", (), redis=False, seed=())


DATABASE = 2


def deployment(server: Server, app: App) -> Deployment:
    return Deployment(f"{server.name}.{app.name}", server, app, database=DATABASE)


def compose(directory: Path, deployments: list[Deployment]) -> ComposeRuntime:
    return ComposeRuntime(
        directory, CPUS, deployments, checkouts=this_checkout(ROOT), engine=find_engine(), say=print
    )


def left(engine: Engine, run_id: str) -> str:
    """Containers and networks of a run."""
    wanted = f"label={ownership.RUN_LABEL}={run_id}"
    return engine.run("ps", "--all", "--quiet", "--filter", wanted) + engine.run(
        "network", "ls", "--quiet", "--filter", wanted
    )


def run_id_of(directory: Path) -> str:
    name: str = json.loads((directory / "compose.json").read_text())["name"]
    return name.removeprefix("wsgi-bench-")


def started(runtime: ComposeRuntime, wanted: Deployment) -> Target:
    target = runtime.start(wanted)
    assert isinstance(target, Target), target
    return target


def answers_rightly(
    runtime: ComposeRuntime, driver: LoadDriver, target: Target, scenario: str, database: int | None
) -> int:
    """When the first right answer came, by the monotonic clock."""
    driver.set_targets([target], runtime.store_address())
    deadline = time.monotonic() + HANGS_S
    while True:
        probed = driver.probe(target.deployment, scenario, database, 5.0)
        if probed.right:
            return time.monotonic_ns() - round(probed.since_s * 1e9)
        assert runtime.alive(target), runtime.log_tail(target)
        assert time.monotonic() < deadline, probed


@pytest.fixture(scope="module")
def engine() -> Engine:
    return find_engine()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def runtime(directory: Path) -> Iterator[ComposeRuntime]:
    apps = (APPS["hello"], APPS["shortly"], UNIMPORTABLE)
    wanted = [deployment(server, app) for server in SERVERS.values() for app in apps]
    with compose(directory, wanted) as opened:
        yield opened


@pytest.fixture(scope="module")
def driver(runtime: ComposeRuntime, directory: Path) -> Iterator[LoadDriver]:
    command, environment = runtime.driver_command([])
    with LoadDriver(command, environment, ROOT, (), directory / "driver.log") as opened:
        yield opened


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
def test_a_server_starts_is_measured_and_ends_cleanly(
    runtime: ComposeRuntime, driver: LoadDriver, directory: Path, server: Server
) -> None:
    wanted = deployment(server, APPS["hello"])
    target = started(runtime, wanted)
    assert answers_rightly(runtime, driver, target, "hello", None) > target.started_ns

    order = TrialOrder("c", target.deployment, "hello", Closed(4), 0.1, 0.0, 1, 0, 0, "s", None, 0)
    (trial,) = driver.block([order])

    assert trial.ok > 0
    assert trial.failed == 0
    assert trial.cpu_s is not None
    assert 0 < trial.cpu_s < 10
    current, peak = runtime.memory_bytes(target)
    assert current is not None
    assert peak is not None
    assert 1e6 < current <= peak
    assert runtime.stop([target])
    assert not runtime.alive(target)
    assert (directory / "logs" / f"{wanted.name}.log").exists()


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
def test_an_app_that_cannot_be_imported_ends_the_server_with_the_reason(
    runtime: ComposeRuntime, server: Server
) -> None:
    target = started(runtime, deployment(server, UNIMPORTABLE))

    deadline = time.monotonic() + HANGS_S
    while runtime.alive(target):
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert any("No module named 'apps.no'" in line for line in runtime.log_tail(target, 40))
    assert not runtime.stop([target])


def test_a_server_is_confined(runtime: ComposeRuntime, engine: Engine, directory: Path) -> None:
    wanted = deployment(SERVERS["gunicorn"], APPS["hello"])
    target = started(runtime, wanted)
    (state,) = json.loads(engine.run("inspect", f"wsgi-bench-{run_id_of(directory)}-{wanted.name}"))
    host = state["HostConfig"]
    runtime.stop([target])

    assert state["Config"]["User"] == "10001:10001"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Init"]
    assert host["CpusetCpus"] == ",".join(map(str, CPUS.server))
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert host["LogConfig"] == {"Type": "local", "Config": {"max-size": "10m", "max-file": "2"}}
    assert not host["PortBindings"]
    assert list(state["NetworkSettings"]["Networks"]) == [f"wsgi-bench-{run_id_of(directory)}_{wanted.name}"]


def test_shortly_is_seeded_and_answers(runtime: ComposeRuntime, driver: LoadDriver) -> None:
    wanted = deployment(SERVERS["gunicorn"], APPS["shortly"])
    runtime.seed(wanted)
    target = started(runtime, wanted)

    assert answers_rightly(runtime, driver, target, "mixed", DATABASE)
    assert runtime.stop([target])
    assert runtime.versions["redis-server"].startswith("8.")
    assert runtime.image_bytes(wanted)
    assert set(runtime.images) >= {"gunicorn", "driver", "redis", "base"}


def test_a_container_that_cannot_start_is_a_failure(runtime: ComposeRuntime) -> None:
    unknown = Deployment("nobody.hello", SERVERS["gunicorn"], APPS["hello"], database=1)

    failure = runtime.start(unknown)

    assert isinstance(failure, Failure)
    assert "No such container" in failure.reason


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, engine: Engine) -> None:
    wanted = deployment(SERVERS["gunicorn"], APPS["shortly"])

    def interrupted() -> None:
        with compose(tmp_path, [wanted]) as opened:
            started(opened, wanted)
            raise Interrupted("stopped by a test")

    with pytest.raises(Interrupted):
        interrupted()

    assert left(engine, run_id_of(tmp_path)) == ""
    assert (tmp_path / "logs/gunicorn.shortly.log").exists()


ENDLESS = """
import sys, time
from pathlib import Path
from bench.deploy.compose import ComposeRuntime
from bench.deploy.engine import find_engine
from bench.machine.environment import split_cpus
from bench.model import Deployment
from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.versions import this_checkout

root, directory = Path(sys.argv[1]), Path(sys.argv[2])
server = load_servers(root / "docker-compose.yml", {})["wsgiref"]
wanted = Deployment("wsgiref.hello", server, load_apps(root / "apps/apps.toml")["hello"], 1)
checkouts, engine = this_checkout(root), find_engine()
with ComposeRuntime(
    directory, split_cpus(), [wanted], checkouts=checkouts, engine=engine, say=print
) as runtime:
    runtime.start(wanted)
    sys.stdout.write("up\\n")
    sys.stdout.flush()
    time.sleep(600)
"""


@pytest.mark.parametrize("times", [1, 2])
def test_another_run_may_choose_the_same_subnets_at_the_same_moment(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Docker Compose 2.40 ends with 0 where it couldn't make a network."""
    wanted = deployment(SERVERS["waitress"], APPS["hello"])
    network, [subnet] = f"wsgi-bench-test-{os.getpid()}", networks.free_subnets(engine, 1)
    chosen = [*[[subnet]] * times, networks.free_subnets(engine, 1)]
    monkeypatch.setattr("bench.deploy.compose.free_subnets", lambda *_: chosen.pop(0))
    engine.run("network", "create", "--subnet", subnet, network)
    try:
        if times > 1:
            with pytest.raises(EngineError, match=r"can't make .*overlap"), compose(tmp_path, [wanted]):
                pass
        else:
            with compose(tmp_path, [wanted]) as runtime:
                assert runtime.alive(started(runtime, wanted))
    finally:
        engine.run("network", "rm", network)
    assert left(engine, run_id_of(tmp_path)) == ""


def test_clean_removes_what_a_killed_run_left_and_nothing_of_one_that_lives(
    tmp_path: Path, engine: Engine
) -> None:
    child = spawn(
        [sys.executable, "-c", ENDLESS, str(ROOT), str(tmp_path)],
        environment={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child:
        while (line := child.stdout.readline()) != b"up\n":
            assert line, "it ended before it was up"
        run_id = run_id_of(tmp_path)
        assert run_id not in ownership.clean(engine)
        assert left(engine, run_id)
        child.kill()

    assert run_id in ownership.clean(engine)
    assert left(engine, run_id) == ""


@pytest.mark.usefixtures("runtime")
def test_no_layer_holds_the_certificate_authority(directory: Path) -> None:
    services = json.loads((directory / "compose.json").read_text())["services"]
    for image in {service["image"] for name, service in services.items() if name != "redis"}:
        history = run(["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image])
        assert "BEGIN CERTIFICATE" not in history
        found = run(
            [
                "docker",
                "run",
                "--rm",
                "--network",
                "none",
                "--entrypoint",
                "sh",
                image,
                "-c",
                "ls /run/secrets || true",
            ]
        )
        assert found == ""


def test_the_log_of_each_round_is_added_once(runtime: ComposeRuntime, directory: Path) -> None:
    wanted = deployment(SERVERS["gunicorn"], UNIMPORTABLE)
    log = directory / "logs" / f"{wanted.name}.log"
    before = log.read_text().count("No module named 'apps.no'") if log.exists() else 0
    said = []
    for _ in range(2):
        target = started(runtime, wanted)
        deadline = time.monotonic() + HANGS_S
        while runtime.alive(target):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        said.append(sum("No module named 'apps.no'" in line for line in runtime.log_tail(target, 200)))
        runtime.stop([target])

    assert said[0] == said[1] > 0
    assert log.read_text().count("No module named 'apps.no'") == before + sum(said)


def test_a_log_that_cannot_be_read_is_said_and_ends_nothing(tmp_path: Path, engine: Engine) -> None:
    wanted = deployment(SERVERS["waitress"], APPS["hello"])
    (tmp_path / "docker").write_text(
        f'#!/bin/sh\nif [ "$1" = logs ]; then echo "no log" >&2; exit 1; fi\nexec {engine.program} "$@"\n'
    )
    (tmp_path / "docker").chmod(0o755)
    said: list[str] = []
    unreadable = replace(engine, program=str(tmp_path / "docker"))
    with ComposeRuntime(
        tmp_path, CPUS, [wanted], checkouts=this_checkout(ROOT), engine=unreadable, say=said.append
    ) as runtime:
        target = started(runtime, wanted)
        assert runtime.log_tail(target) == ()
        runtime.stop([target])
        assert not runtime.alive(target)

    assert any(f"the log of {wanted.name} could not be kept" in line for line in said)


def test_the_engine_is_asked_where_a_container_is_no_process_of_this_machine(
    runtime: ComposeRuntime, driver: LoadDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = deployment(SERVERS["waitress"], APPS["hello"])
    # As on a machine that the engine doesn't run on: the number is another process's, or nobody's.
    own = HERE.of_process("self", "cgroup")
    monkeypatch.setattr(Place, "of_process", lambda _place, _pid, _file: own)
    target = started(runtime, wanted)

    assert target.usage == UsageSource("none")
    assert runtime.memory_bytes(target) == (None, None)
    assert runtime.alive(target)
    answers_rightly(runtime, driver, target, "hello", None)
    assert runtime.stop([target])
    assert not runtime.alive(target)
