"""Servers that are users' own lines, started for real: on the address that is put in, or not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from bench.ask.serverspec import read_server
from bench.catalogue.registry import load_servers
from bench.catalogue.versions import this_checkout
from bench.deploy.local import LocalRuntime
from bench.machine.lasting import serving
from bench.machine.listening import listening
from bench.machine.place import HERE
from bench.machine.processtree import process_tree
from bench.model import App, CpuSplit, Deployment, Failure, Target
from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]
KNOWN = load_servers(ROOT / "docker-compose.yml", {})
CPUS = CpuSplit((0,), (0,), (0,))
HELLO = App("hello", "apps.hello.wsgi:application", ("hello",), redis=False, seed=())


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[LocalRuntime]:
    with LocalRuntime(tmp_path / "run", CPUS, (), checkouts=this_checkout(ROOT)) as opened:
        yield opened


def deployment(spec: str, folder: Path = ROOT) -> Deployment:
    server = read_server(spec, KNOWN, folder)
    return Deployment(f"{server.name}.hello", server, HELLO, 1)


def started(runtime: LocalRuntime, spec: str, folder: Path = ROOT) -> Target:
    target = runtime.start(deployment(spec, folder))
    assert isinstance(target, Target), target
    return target


def ask(target: Target) -> bytes:
    """The answer to `GET /`, once there is one."""
    family = socket.AF_UNIX if target.socket else socket.AF_INET
    host, _, port = target.url.removeprefix("http://").partition(":")
    deadline = time.monotonic() + HANGS_S
    while True:
        try:
            with closing(socket.socket(family)) as connection:
                connection.settimeout(5)
                connection.connect(target.socket or (host, int(port)))
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize(
    "line",
    [
        "gunicorn {app} -b {bind}",
        "gunicorn {app} -b unix:{socket}",
        "gunicorn apps.hello.wsgi:application -b 0.0.0.0:$PORT",
        "A=1 python -m gunicorn {app} --bind {host}:{port}",
        "waitress-serve --listen={bind} {app}",
        "waitress-serve --unix-socket={socket} {app}",
        "granian --interface wsgi --host {host} --port {port} {app}",
        "cheroot --bind {bind} {app}",
        "uwsgi --master --http-socket {bind} --module {app}",
    ],
)
def test_a_line_serves_where_it_is_told_to_and_ends(runtime: LocalRuntime, line: str) -> None:
    target = started(runtime, f"mine={line}")

    assert ask(target).endswith(b"Hello, World!")
    assert runtime.listens_elsewhere(target) == ""
    tree = [psutil.Process(pid) for pid in process_tree(target.usage.pid, HERE)]
    assert runtime.stop([target])
    assert not [member for member in tree if member.is_running()]


def test_configurations_serve_on_another_address_than_theirs(runtime: LocalRuntime, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("bind = '127.0.0.1:1'\nworkers = 2\nthreads = 3\n")
    (tmp_path / "uwsgi.ini").write_text(
        f"[uwsgi]\nmaster = true\nprocesses = 2\nhttp-socket = 127.0.0.1:1\nsocket = {tmp_path}/x.sock\n"
        # A worker of uWSGI loses a signal that comes between its fork and this.
        f"hook-accepting = append:{tmp_path}/accepting a worker accepts\n"
    )
    accepting = tmp_path / "accepting"
    for spec in ("gunicorn.conf.py", "uwsgi.ini"):
        target = started(runtime, spec, tmp_path)

        assert ask(target).endswith(b"Hello, World!")
        deadline = time.monotonic() + HANGS_S
        while (workers := serving(target.usage, HERE)) is None or workers[0] != 2:
            assert time.monotonic() < deadline, workers
            time.sleep(0.02)
        while spec == "uwsgi.ini" and accepting.read_text().count("accepts") != 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert runtime.stop([target])
    assert not (tmp_path / "x.sock").exists()


def test_a_line_of_gunicorn_whose_file_has_an_address_serves_on_another(
    runtime: LocalRuntime, tmp_path: Path
) -> None:
    """As in a Procfile: `gunicorn shop.wsgi -c gunicorn.conf.py`."""
    conf = tmp_path / "conf.py"
    conf.write_text("bind = '127.0.0.1:1'\n")
    for line in (
        f"gunicorn apps.hello.wsgi:application -c {conf}",
        f"sh -c 'exec gunicorn apps.hello.wsgi:application -c {conf}'",
        f"gunicorn -c {conf} {{app}}",
    ):
        target = started(runtime, f"mine={line}")
        assert ask(target).endswith(b"Hello, World!")
        assert runtime.listens_elsewhere(target) == ""
        assert runtime.stop([target])


def test_a_line_that_listens_elsewhere_is_told_what_to_write(runtime: LocalRuntime) -> None:
    port = HERE.free_port()
    target = started(runtime, f"mine=gunicorn apps.hello.wsgi:application -b 127.0.0.1:{port}")

    deadline = time.monotonic() + HANGS_S
    while not (said := runtime.listens_elsewhere(target)):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert said.startswith(f"it listens on 127.0.0.1:{port} instead of the address that its line is given")
    assert "put -b {bind} in the line" in said


def test_a_line_that_has_its_address_is_not_told_to_have_it(runtime: LocalRuntime) -> None:
    target = started(runtime, "mine=gunicorn apps.hello.wsgi:application -b [::1]:{port}")

    deadline = time.monotonic() + HANGS_S
    while not (said := runtime.listens_elsewhere(target)):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    address = target.url.removeprefix("http://")
    assert said.startswith(
        f"it listens on [::1]:{address.rpartition(':')[2]} instead of {address}, which its "
    )


def test_a_socket_of_another_kind_is_elsewhere_too(runtime: LocalRuntime, tmp_path: Path) -> None:
    target = started(runtime, f"mine=gunicorn apps.hello.wsgi:application -b unix:{tmp_path}/other.sock")

    deadline = time.monotonic() + HANGS_S
    while not (said := runtime.listens_elsewhere(target)):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert f"{tmp_path}/other.sock" in said


def test_the_folder_of_its_sockets_goes_with_the_run(tmp_path: Path) -> None:
    with LocalRuntime(tmp_path, CPUS, (), checkouts=this_checkout(ROOT)) as runtime:
        target = started(runtime, "mine=gunicorn {app} -b unix:{socket}")
        ask(target)
        folder = Path(target.socket).parent
        assert folder.is_dir()

    assert not folder.exists()


def test_gunicorns_control_socket_is_not_that_of_one_that_runs_already(
    runtime: LocalRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    target = started(runtime, "mine=gunicorn {app} -b {bind}")
    ask(target)
    deadline = time.monotonic() + HANGS_S
    while not (sockets := [path for path in listening(target.usage.pid, HERE) if path.startswith("/")]):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert [Path(path).name for path in sockets] == ["gunicorn.ctl"]
    assert Path(sockets[0]).parent != tmp_path


def test_a_command_that_there_is_not_is_a_failure_that_names_it(runtime: LocalRuntime) -> None:
    failure = runtime.start(deployment("mine=no-such-server {bind}"))

    assert isinstance(failure, Failure)
    assert "`no-such-server` can't be started" in failure.reason


def test_what_a_line_detaches_from_itself_is_ended_with_it(runtime: LocalRuntime, tmp_path: Path) -> None:
    (tmp_path / "start").write_text(
        "#!/bin/sh\nexec gunicorn -D --pid $1 apps.hello.wsgi:application -b $2\n"
    )
    (tmp_path / "start").chmod(0o755)
    target = started(runtime, f"mine={tmp_path}/start {tmp_path}/pid {{bind}}")
    assert ask(target).endswith(b"Hello, World!")
    daemon = psutil.Process(int((tmp_path / "pid").read_text()))
    assert daemon.is_running()

    runtime.stop([target])

    psutil.wait_procs([daemon], timeout=HANGS_S)
    assert not daemon.is_running()
