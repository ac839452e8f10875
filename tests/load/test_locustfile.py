"""Locust's web UI asks the server that it was opened for."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests.cli.conftest import ROOT
from tests.load.peers import peer, right
from tests.patience import HANGS_S


def test_a_host_that_the_web_ui_is_told_is_not_asked() -> None:
    """Whatever page is open in the same browser can send it one."""
    with peer(right) as ours, peer(right) as told:
        child = subprocess.Popen(
            [sys.executable, "-m", "locust", "--locustfile", "bench/load/locustfile.py", "--headless",
             "--users", "1", "--host", told.url],
            cwd=ROOT, env={**os.environ, "WSGI_BENCH_SCENARIO": "hello", "WSGI_BENCH_URL": ours.url},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with child:
            deadline = time.monotonic() + HANGS_S
            while not ours.requests and child.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            child.terminate()

    assert ours.requests > 0
    assert told.requests == 0
