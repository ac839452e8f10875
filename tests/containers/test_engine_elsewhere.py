"""An engine that is asked over TCP, as another machine's is: a run on it, and that nothing is left there."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from bench.deploy.enginehost import machine_of
from bench.machine.environment import split_cpus
from bench.store import load
from tests.cli.conftest import environment, wsgi_bench

pytestmark = [pytest.mark.containers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def far() -> Iterator[str]:
    """The address at which this machine's engine answers as if it were another one's."""
    socket_file = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    if not Path(socket_file).is_socket():
        pytest.skip("the engine has no socket on this machine")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, socket_file), daemon=True).start()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def _serve(listener: socket.socket, socket_file: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_join, args=(client, socket_file), daemon=True).start()


def _join(client: socket.socket, socket_file: str) -> None:
    with client, socket.socket(socket.AF_UNIX) as engine:
        engine.connect(socket_file)
        asking = threading.Thread(target=_pass_on, args=(client, engine), daemon=True)
        asking.start()
        _pass_on(engine, client)
        asking.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_its_machine_is_read_through_a_container_that_ends_with_the_reading(
    far: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", far)
    engine = find_engine()
    assert engine.endpoint == far
    said: list[str] = []

    with machine_of(engine, ROOT, said.append) as place:
        [name] = [name for name in _names(engine.run("ps", "--format", "{{.Names}}")) if "-reader" in name]
        [state] = json.loads(engine.run("inspect", name))
        # It can see its machine, and change nothing of it.
        assert place.of_process(state["State"]["Pid"], "comm") == "python\n"
        assert state["HostConfig"]["ReadonlyRootfs"]
        assert not [mount for mount in state["Mounts"] if mount["RW"]]
        assert split_cpus(place).server

    assert name not in _names(engine.run("ps", "--all", "--format", "{{.Names}}"))
    assert any(far in line for line in said)


def test_a_run_there_is_measured_as_one_here_and_leaves_nothing(far: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ("--profile", "smoke", "--servers", "gunicorn", "--app", "hello", "--out", str(out))
    ended = wsgi_bench("run", *arguments, env=environment(DOCKER_HOST=far))

    assert ended.code == 0, ended.err
    suite = load(out)
    assert suite.environment.measured_from == socket.gethostname()
    assert suite.environment.runtime == "compose"
    [record] = suite.deployments
    assert record.start_s is not None
    assert record.start_s > 0
    assert record.memory_peak_bytes
    assert (record.workers, record.restarts) == (1, 0)
    assert record.oom_kills in (0, None)
    read = {one.role: one for one in suite.confined}
    assert read["server"].read == read["server"].asked
    assert all(trial.cpu_s for trial in suite.trials if trial.ok)
    assert "measured from" in (out / "report.md").read_text()
    run_id = json.loads((out / "compose.json").read_text())["name"]
    assert run_id not in find_engine().run("ps", "--all", "--format", "{{.Names}}")


def _names(output: str) -> list[str]:
    return output.split()
