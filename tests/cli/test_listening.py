"""What SECURITY.md says of a run without containers: everything listens on 127.0.0.1 alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bench.machine.place import HERE
from tests.cli.conftest import ROOT, SMOKE, environment
from tests.patience import HANGS_S


def listening(pid: int) -> set[tuple[str, int]]:
    """Addresses and ports on which the children of a process, and theirs, listen now."""
    found: set[tuple[str, int]] = set()
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                connections = process.net_connections("inet")
                found |= {(one.laddr.ip, one.laddr.port) for one in connections if one.status == "LISTEN"}
    return found


@pytest.mark.slow
def test_all_of_a_local_run_listens_on_this_machine_alone(tmp_path: Path) -> None:
    """Servers, Redis, the null server, and a load generator of two processes."""
    command = [word if word != "hello" else "shortly" for word in SMOKE]
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", *command, "--servers", "waitress,gunicorn", "--processes", "2",
         "--scenarios", "mixed", "--out", str(tmp_path / "out")],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seen: set[tuple[str, int]] = set()
    while child.poll() is None:
        seen |= listening(child.pid)
        time.sleep(0.1)

    assert {address for address, _ in seen} == {"127.0.0.1"}
    assert len(seen) >= 3, "a server, Redis and the generator's master at least"


def test_locusts_web_ui_listens_on_this_machine_alone() -> None:
    port = HERE.free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.cli.webui", "--server", "waitress", "--app", "hello", "--scenario",
         "hello", "--port", str(port)],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seen: set[tuple[str, int]] = set()
    while not any(found == port for _, found in seen) and child.poll() is None:
        seen |= listening(child.pid)
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    child.wait(timeout=HANGS_S)

    assert ("127.0.0.1", port) in seen
    assert {address for address, _ in seen} == {"127.0.0.1"}
