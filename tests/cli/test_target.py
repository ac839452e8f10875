"""Servers that the harness did not start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import jsonschema
import psutil
import pytest

from bench.store import RESULT, load
from tests.cli.conftest import RATE, ROOT, Said, environment, measured, wsgi_bench

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())


@pytest.fixture
def running() -> Iterator[str]:
    """The address of a waitress that serves hello and isn't the harness's."""
    child = subprocess.Popen(
        [sys.executable, "servers/serve.py", "waitress"],
        cwd=ROOT,
        env={
            **os.environ,
            "APP": "apps.hello.wsgi:application",
            "BIND": "127.0.0.1:0",
            "WORKERS": "1",
            "THREADS": "4",
        },
    )
    try:
        while not (ports := listening(child.pid)):
            assert child.poll() is None
            time.sleep(0.01)
        yield f"http://127.0.0.1:{ports[0]}"
        assert child.poll() is None, "it isn't the harness's to end"
    finally:
        child.kill()
        child.wait()


def listening(pid: int) -> list[int]:
    """The ports on which a process listens."""
    found = psutil.Process(pid).net_connections("tcp")
    return [one.laddr.port for one in found if one.status == psutil.CONN_LISTEN]


def test_targets_are_measured_and_compared(tmp_path: Path, running: str) -> None:
    out = tmp_path / "out"
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "--profile", "smoke", "--blocks", "2", "--rate", "100",
         "--scenarios", "hello", "--out", str(out), "--target", f"x={running}", "--target",
         f"same={running}/"],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    cpus_of_null: set[tuple[int, ...]] = set()
    with child:
        while child.poll() is None:
            for process in psutil.Process(child.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if any(word.endswith("servers/null/serve.py") for word in process.cmdline()):
                        cpus_of_null.add(tuple(process.cpu_affinity()))
            time.sleep(0.02)
        said = Said(child.returncode, *child.communicate())

    suite = measured(said, out)
    # The null server is calibrated on the servers' CPUs.
    assert cpus_of_null == {suite.environment.cpu_split.server}
    document = json.loads((out / RESULT).read_text())
    jsonschema.validate(document, SCHEMA)
    assert {case["server"] for case in document["cases"]} == {"x", "same"}
    assert document["environment"]["runtime"] == "external"


@pytest.mark.slow
def test_a_target_that_is_not_there_is_a_failed_server(
    tmp_path: Path, running: str, refusing_port: int
) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "1", "--rate", RATE, "--scenarios", "hello", "--out", out,
        "--target", f"x={running}", "--target", f"gone=http://127.0.0.1:{refusing_port}",
    )  # fmt: skip

    assert said.code == 3
    (failure,) = load(out).failures
    assert failure.deployment.startswith("gone.")
    assert "connection refused" in failure.reason
    assert any(trial.ok for trial in load(out).trials if trial.case.startswith("x/"))


@pytest.mark.slow
@pytest.mark.parametrize("client", ["loop", "fasthttp"])
def test_a_host_in_another_script_is_measured_and_shown_as_typed(
    tmp_path: Path, running: str, client: str
) -> None:
    wide = "".join(chr(ord(letter) - ord("a") + 0xFF41) for letter in "localhost")
    url = running.replace("127.0.0.1", wide)
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "1", "--rate", "100", "--scenarios", "hello", "--out", out,
        "--client", client, "--target", f"x={url}", "--target", f"same={running}",
    )  # fmt: skip

    assert said.code == 0, said.err
    found = load(out)
    assert {d.server.environment["URL"] for d in found.plan.deployments} == {url, running}
    assert sum("the same server measured twice" in note for note in found.environment.notes) == 1
    assert "two identical deployments" not in (out / "report.html").read_text()
