"""`make locust`: what can go wrong before anybody sees a page."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT, environment
from tests.patience import HANGS_S


def webui(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench.cli.webui", *arguments],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=HANGS_S, check=False,
    )  # fmt: skip


def test_a_port_that_is_taken_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = webui("--server", "waitress", "--app", "hello", "--scenario", "hello", "--port", port)

    assert ended.returncode == 1, ended.stderr
    assert "locust's web UI ended by itself with exit code" in ended.stderr
    assert "--port" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--port", "many"), "Invalid value for '--port'"),
        (("--nonsense",), "No such option"),
        (("--server", "nope"), "there is no server 'nope'"),
    ],
)
def test_a_wrong_word_is_a_message(arguments: tuple[str, ...], expected: str) -> None:
    ended = webui(*arguments)

    assert ended.returncode == 2
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
