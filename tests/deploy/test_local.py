"""Every server of the compose file, started and stopped for real as child processes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.machine import confinement, priority
from bench.machine.place import HERE
from bench.machine.processtree import process_tree
from bench.machine.usage import members, open_usage
from bench.model import App, CpuSplit, Deployment, Failure, Server, Target
from bench.model.errors import StoreError
from bench.model.variant import TWIN, Variant
from tests.patience import HANGS_S
from tests.required import lacks

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
CPUS = CpuSplit(*[tuple(sorted(os.sched_getaffinity(0)))[:1]] * 3)
HELLO = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())


def deployment(server: Server, app: App = HELLO) -> Deployment:
    return Deployment(f"{server.name}.{app.name}", server, app, database=1)


def fetch(runtime: LocalRuntime, target: Target) -> bytes:
    """The body of `GET /`, once the server answers."""
    deadline = time.monotonic() + HANGS_S
    while True:
        try:
            with urlopen(target.url, timeout=5) as response:
                return bytes(response.read())
        except (URLError, ConnectionError):
            assert runtime.alive(target), runtime.log_tail(target)
            assert time.monotonic() < deadline
            time.sleep(0.02)


def started(runtime: LocalRuntime, wanted: Deployment) -> Target:
    target = runtime.start(wanted)
    assert isinstance(target, Target)
    return target


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[LocalRuntime]:
    with LocalRuntime(
        tmp_path, CPUS, [deployment(s) for s in SERVERS.values()], checkouts=this_checkout(ROOT)
    ) as opened:
        yield opened


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
def test_a_server_starts_answers_and_ends_cleanly(runtime: LocalRuntime, server: Server) -> None:
    target = started(runtime, deployment(server))

    assert fetch(runtime, target) == b"Hello, World!"
    tree = [psutil.Process(pid) for pid in process_tree(target.usage.pid, HERE)]
    reader = open_usage(target.usage, HERE)
    assert reader is not None
    reader.begin()
    assert fetch(runtime, target) == b"Hello, World!"
    reader.end()
    assert 0 < (reader.used_ns() or 0) < 30e9
    current, peak = runtime.memory_bytes(target)
    assert current is not None
    assert peak is not None
    assert 1e6 < current <= peak
    assert all(set(member.cpu_affinity()) == set(CPUS.server) for member in tree)
    assert runtime.stop([target])
    assert not runtime.alive(target)
    assert not [member for member in tree if member.is_running()]


@pytest.mark.parametrize("server", SERVERS.values(), ids=lambda server: server.name)
def test_an_app_that_cannot_be_imported_ends_the_server_with_the_reason(
    runtime: LocalRuntime, server: Server
) -> None:
    target = started(runtime, deployment(server, App("no", "apps.no.wsgi:application", (), False, ())))

    deadline = time.monotonic() + HANGS_S
    while runtime.alive(target):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert any("No module named 'apps.no'" in line for line in runtime.log_tail(target, 40))
    assert not runtime.stop([target])


@pytest.mark.parametrize(
    "name", ["wsgiref", "wsgiref-threaded", "werkzeug", "waitress", "uwsgi", "granian", "cheroot"]
)
def test_a_server_can_be_stopped_while_it_imports_the_app(runtime: LocalRuntime, name: str) -> None:
    target = started(
        runtime, deployment(SERVERS[name], App("slow", "tests.deploy.slow_app:x", (), False, ()))
    )
    deadline = time.monotonic() + HANGS_S
    while "importing" not in runtime.log_tail(target, 100):
        assert runtime.alive(target)
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert runtime.stop([target])


def test_two_of_one_server_run_side_by_side(runtime: LocalRuntime) -> None:
    for server in SERVERS.values():
        first = started(runtime, deployment(server))
        twin = started(runtime, Deployment(f"{server.name}-twin.hello", server, HELLO, 2, Variant(TWIN)))

        assert fetch(runtime, first) == fetch(runtime, twin)
        assert first.url != twin.url
        assert runtime.stop([twin, first]) == {twin.deployment, first.deployment}


def test_a_log_is_kept_over_rounds_but_its_tail_is_of_the_last(runtime: LocalRuntime, tmp_path: Path) -> None:
    for _ in range(2):
        target = started(runtime, deployment(SERVERS["gunicorn"]))
        fetch(runtime, target)
        assert sum("Listening at" in line for line in runtime.log_tail(target)) == 1
        runtime.stop([target])

    assert (tmp_path / "logs/gunicorn.hello.log").read_text().count("Listening at") == 2


def test_servers_and_redis_have_the_priority_that_was_asked_for(tmp_path: Path) -> None:
    if not priority.permitted(HERE):
        lacks("A process may not come before others here")
    usable = sorted(os.sched_getaffinity(0))
    cpus = CpuSplit(server=tuple(usable[1:]) or tuple(usable), generator=(usable[0],), store=(usable[0],))
    wanted = deployment(SERVERS["uwsgi"], replace(HELLO, redis=True))
    with LocalRuntime(tmp_path, cpus, [wanted], checkouts=this_checkout(ROOT), preferred=True) as runtime:
        target, store = started(runtime, wanted), runtime.store_usage()
        fetch(runtime, target)
        assert store is not None
        read = [confinement.read(members(usage, HERE), HERE) for usage in (target.usage, store)]
        asked = [runtime.asked("server"), runtime.asked("store")]
    for had, was_asked in zip(read, asked, strict=True):
        assert had is not None
        assert was_asked is not None
        assert had.weight == was_asked.weight == priority.WEIGHT
        assert had.realtime is was_asked.realtime
    assert asked[0] is not None
    assert not asked[0].realtime


def test_leaving_the_runtime_ends_what_still_runs(tmp_path: Path) -> None:
    with LocalRuntime(
        tmp_path, CPUS, [deployment(SERVERS["gunicorn"])], checkouts=this_checkout(ROOT)
    ) as runtime:
        target = started(runtime, deployment(SERVERS["gunicorn"]))
        fetch(runtime, target)
        tree = [psutil.Process(pid) for pid in process_tree(target.usage.pid, HERE)]

    assert not [member for member in tree if member.is_running()]


def test_a_program_that_is_not_installed_is_a_failure_with_advice(runtime: LocalRuntime) -> None:
    missing = Server("x", "x", ("no-such-server",), {}, 1, 1, False, "", False, "", "", "SIGTERM", 1.0)

    failure = runtime.start(deployment(missing))

    assert isinstance(failure, Failure)
    assert "no-such-server" in failure.reason
    assert "installed" in failure.reason


def test_redis_runs_while_the_runtime_does_and_is_seeded(tmp_path: Path) -> None:
    script = (
        "import os, redis\n"
        "host, port, database = (os.environ['REDIS_' + name] for name in ('HOST', 'PORT', 'DB'))\n"
        "redis.Redis(host, int(port), int(database)).set('a', 'b')"
    )
    app = App("seeded", "apps.hello.wsgi:application", ("hello",), True, ("python", "-c", script))
    wanted = deployment(SERVERS["wsgiref"], app)
    with LocalRuntime(tmp_path, CPUS, [wanted], checkouts=this_checkout(ROOT)) as runtime:
        address = runtime.store_address()
        assert address is not None
        runtime.seed(wanted)
        with redis.Redis(*address) as client:
            assert client.get("a") == b"b"
        with redis.Redis(*address, db=63) as last:
            assert last.ping()
        broken = App("seeded", app.callable, (), True, ("python", "-c", "raise SystemExit('no links')"))
        with pytest.raises(StoreError, match="no links"):
            runtime.seed(deployment(SERVERS["wsgiref"], broken))
    assert "redis-server" in runtime.versions

    with redis.Redis(*address, retry=Retry(NoBackoff(), 0)) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_the_harness_environment_does_not_reconfigure_a_server(
    runtime: LocalRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--workers 3")
    target = started(runtime, deployment(SERVERS["gunicorn"]))
    fetch(runtime, target)

    assert len(process_tree(target.usage.pid, HERE)) == 2
