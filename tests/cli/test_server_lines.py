"""`--server`: servers with numbers of their own and users' lines, measured beside each other."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import psutil
import pytest

from bench.analysis import analyse
from bench.machine.place import HERE
from bench.report import FORMATS
from bench.store import JOURNAL, RESULT, load
from tests.cli.conftest import RATE, ROOT, SMOKE, environment, measured, wsgi_bench
from tests.patience import HANGS_S

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
APP = "apps.hello.wsgi:application"


@pytest.mark.slow
def test_lines_are_measured_beside_known_servers(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (tmp_path / "gunicorn.conf.py").write_text(
        "bind = '127.0.0.1:1'\nworkers = 3\nworker_class = 'gthread'\n"
    )
    said = wsgi_bench(
        *SMOKE, "--out", out, "--servers", "waitress", "--server", "w2=waitress:threads=2",
        "--server", f"conf=gunicorn:{tmp_path}/gunicorn.conf.py",
        "--server", f"sock=gunicorn {APP} -b unix:{{socket}}", "--baseline", "conf",
    )  # fmt: skip

    measured(said, out)
    jsonschema.validate(json.loads((out / RESULT).read_text()), SCHEMA)
    suite = load(out)
    servers = {d.server.name: d.server for d in suite.plan.deployments}
    assert list(servers) == ["waitress", "w2", "conf", "sock"]
    assert servers["w2"].environment["THREADS"] == "2"
    assert servers["conf"].own
    seen = {record.deployment: record.workers for record in suite.deployments}
    assert seen == {"waitress.hello": 1, "w2.hello": 1, "conf.hello": 3, "sock.hello": 1}
    report = FORMATS["md"](suite, analyse(suite))
    assert "conf.hello has 3 workers on 1 CPU" in report
    assert "3 x " in report
    # The same command, quoted for a shell.
    assert "--server w2=waitress:threads=2" in report


@pytest.mark.slow
def test_a_line_that_binds_what_it_likes_is_a_failed_server_with_the_way_out(tmp_path: Path) -> None:
    out = tmp_path / "out"
    port = HERE.free_port()
    said = wsgi_bench(
        *SMOKE, "--out", out, "--server", f"fixed=gunicorn {APP} -b 127.0.0.1:{port}", "--servers", "wsgiref",
        "--server", "ends=true {bind}",
    )  # fmt: skip

    assert said.code == 3
    fixed, ends = sorted(load(out).failures, key=lambda failure: failure.deployment, reverse=True)
    assert f"it listens on 127.0.0.1:{port} instead of the address" in fixed.reason
    assert "put -b {bind} in the line" in fixed.reason
    assert "stay in the foreground" in ends.reason


def test_what_cannot_be_measured_starts_nothing(tmp_path: Path) -> None:
    said = wsgi_bench(
        *SMOKE, "--out", tmp_path / "out", "--server", "waitress:thread=8", "--server", "a=gunicorn -D x",
        "--server-cpus", "9999",
    )  # fmt: skip

    assert said.code == 2
    assert "did you mean 'threads'?" in said.err
    assert "-D sends it into the background" in said.err
    assert "--server-cpus" in said.err
    assert not (tmp_path / "out").exists()


def test_resume_wants_lines_to_be_named_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = f"mine=gunicorn {APP} -b {{bind}}"
    with subprocess.Popen(
        [sys.executable, "-m", "bench", *SMOKE[:-1], "40", "--out", out, "--servers", "waitress",
         "--server", line],
        cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    ) as run:  # fmt: skip
        deadline = time.monotonic() + HANGS_S
        while not (out / JOURNAL).exists() or b'"trials"' not in (out / JOURNAL).read_bytes():
            assert run.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        assert run.wait(60) == 130

    unnamed = wsgi_bench("resume", out)
    other = wsgi_bench("resume", out, "--server", f"mine=gunicorn {APP} -b {{bind}} --threads 2")

    assert unnamed.code == other.code == 2
    assert "names the server mine, which is in no file of this checkout" in unnamed.err
    assert "--server 'mine=gunicorn apps.hello.wsgi:application -b {bind}'" in unnamed.err
    assert "server mine, command" in other.err


@pytest.fixture
def behind_a_socket(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A unix socket behind which gunicorn serves hello, and its process."""
    path = tmp_path / "app.sock"
    child = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", APP, "-b", f"unix:{path}", "--no-control-socket"],
        cwd=ROOT, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            with socket.socket(socket.AF_UNIX) as client:
                if client.connect_ex(str(path)) == 0:
                    break
            assert child.poll() is None
            time.sleep(0.02)
        yield path, child.pid
        assert child.poll() is None, "it isn't the harness's to end"
    finally:
        for process in psutil.Process(child.pid).children():
            process.kill()
        child.kill()
        child.wait()


@pytest.mark.slow
def test_a_target_may_be_a_unix_socket(tmp_path: Path, behind_a_socket: tuple[Path, int]) -> None:
    path, _ = behind_a_socket
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "2", "--rate", RATE, "--scenarios", "hello", "--out", out,
        "--target", f"prod=unix:{path}",
    )  # fmt: skip

    measured(said, out)
    suite = load(out)
    assert all(trial.ok and not trial.failed for trial in suite.trials)
    # What listens there is known to the kernel.
    assert all((trial.cpu_s or 0) > 0 for trial in suite.trials if trial.case.endswith("closed"))
    (record,) = suite.deployments
    assert record.workers == 1
    assert record.memory_idle_bytes


@pytest.mark.slow
def test_a_unix_socket_that_nobody_serves_is_a_failed_server(tmp_path: Path) -> None:
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "1", "--rate", RATE, "--scenarios", "hello",
        "--out", tmp_path / "out", "--target", f"prod=unix:{tmp_path}/no.sock",
    )  # fmt: skip

    assert said.code == 3
    (failure,) = load(tmp_path / "out").failures
    assert f"connection refused: nothing listens at {tmp_path}/no.sock" in failure.reason


def test_locust_s_client_has_no_way_to_a_unix_socket(tmp_path: Path) -> None:
    said = wsgi_bench(
        "run", "--target", f"x=unix:{tmp_path}/x.sock", "--client", "fasthttp", "--out", tmp_path / "out"
    )

    assert said.code == 2
    assert "--client fasthttp has no way to a unix socket" in said.err
