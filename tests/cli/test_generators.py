"""A run whose load comes from generators that the user starts, and `wsgi-bench worker`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import jsonschema
import pytest

from bench.store import RESULT, load
from tests.cli.conftest import ROOT, SMOKE, environment, wsgi_bench
from tests.patience import HANGS_S

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())
SECRET = "a secret of the test"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def worker(port: int, secret: str = SECRET) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", "worker", "--master", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=environment(WSGI_BENCH_SECRET=secret),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        if child.stderr is not None:
            child.stderr.close()


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code of a worker, and what it said."""
    _, said = child.communicate(timeout=HANGS_S)
    return child.returncode, said


@pytest.mark.slow
def test_two_make_the_load_of_a_run(tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "out"
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(port)) for _ in range(2)]
        said = wsgi_bench(
            *SMOKE, "--servers", "waitress", "--out", out, "--generators", "2", "--bind", f"127.0.0.1:{port}",
            env=environment(WSGI_BENCH_SECRET=SECRET),
        )  # fmt: skip
        assert said.code == 0, said.err
        for child in workers:
            code, words = ended(child)
            assert code == 0, words
            assert f"the run at 127.0.0.1:{port} has ended" in words

    suite = load(out)
    names = [generator.name for generator in suite.generators]
    assert len(names) == 2
    assert suite.trials
    for trial in suite.trials:
        assert sorted(trial.generators) == sorted(names)
        assert sum(share["offered"] for share in trial.generators.values()) == trial.offered
        assert trial.cpu_s is not None
        assert not trial.errors
    document = (out / RESULT).read_text()
    jsonschema.validate(json.loads(document), SCHEMA)
    assert SECRET not in document
    assert not [p for p in out.rglob("*") if p.is_file() and SECRET in p.read_text(errors="replace")]
    assert "Load generators on other hosts" in (out / "report.html").read_text()
    assert "2 load generators on other hosts made the load" in said.out.replace("\n", " ")
    assert "waiting for 2 load generators (0 of 2 there)" in said.err or "takes part (2 of 2)" in said.err


def test_another_secret_is_said_on_both_sides(tmp_path: Path) -> None:
    port = free_port()
    run = subprocess.Popen(
        [sys.executable, "-m", "bench", *SMOKE, "--servers", "waitress", "--out", str(tmp_path / "out"),
         "--generators", "1", "--bind", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=environment(WSGI_BENCH_SECRET=SECRET),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        with worker(port, "another secret of the test") as stranger:
            code, words = ended(stranger)
        assert code == 2
        assert "doesn't know this secret" in words
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=HANGS_S)
        assert run.returncode == 130, err
        assert "waiting for 1 load generator (0 of 1 there)" in err
        assert "takes part" not in err
    finally:
        run.kill()
        run.wait()


def test_a_worker_without_a_secret_or_an_address_is_told_what_to_do() -> None:
    without = wsgi_bench("worker", "--master", "127.0.0.1")
    assert without.code == 2
    assert "there is none: make one by" in without.err
    nowhere = wsgi_bench("worker", "--master", "a b", env=environment(WSGI_BENCH_SECRET=SECRET))
    assert nowhere.code == 2
    assert "--master" in nowhere.err
