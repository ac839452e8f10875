"""Servers that the harness did not start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import jsonschema
import pytest

from bench.deploy.store import free_port
from bench.store import RESULT, load
from tests.cli.conftest import ROOT, wsgi_bench

SCHEMA = json.loads((ROOT / "bench/schema/result-1.json").read_text())


@pytest.fixture
def running() -> Iterator[str]:
    """The address of a waitress that serves hello and isn't the harness's."""
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "servers.waitress.serve"],
        cwd=ROOT,
        env={**os.environ, "APP": "apps.hello.wsgi:application", "BIND": f"127.0.0.1:{port}", "THREADS": "4"},
    )
    try:
        while not answers(f"http://127.0.0.1:{port}"):
            assert child.poll() is None
        yield f"http://127.0.0.1:{port}"
        assert child.poll() is None, "it isn't the harness's to end"
    finally:
        child.kill()
        child.wait()


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (URLError, ConnectionError):
        return False


def test_targets_are_measured_and_compared(tmp_path: Path, running: str) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "2", "--scenarios", "hello", "--out", out,
        "--target", f"x={running}", "--target", f"same={running}/",
    )  # fmt: skip

    assert said.code == 0, said.err
    document = json.loads((out / RESULT).read_text())
    jsonschema.validate(document, SCHEMA)
    assert {case["server"] for case in document["cases"]} == {"x", "same"}
    assert all(trial["ok"] and not trial["failed"] for case in document["cases"] for trial in case["trials"])
    assert document["environment"]["runtime"] == "external"


def test_a_target_that_is_not_there_is_a_failed_server(tmp_path: Path, running: str) -> None:
    out = tmp_path / "out"
    said = wsgi_bench(
        "run", "--profile", "smoke", "--blocks", "1", "--scenarios", "hello", "--out", out,
        "--target", f"x={running}", "--target", f"gone=http://127.0.0.1:{free_port()}",
    )  # fmt: skip

    assert said.code == 3
    (failure,) = load(out).failures
    assert failure.deployment.startswith("gone.")
    assert "connection refused" in failure.reason
    assert any(trial.ok for trial in load(out).trials if trial.case.startswith("x/"))
