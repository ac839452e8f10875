"""Limits of this side that a run surely doesn't fit into: said before anything starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.machine.place import HERE
from tests.cli.conftest import ROOT, environment


@pytest.mark.parametrize("options", [(), ("--connection", "close")])
def test_too_few_descriptors_for_the_users_that_are_asked_for(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Nothing listens at the target, which nobody asks."""
    out = tmp_path / "out"
    ended = subprocess.run(
        [
            "sh", "-c", 'ulimit -n 1024; exec "$@"', "sh", sys.executable, "-m", "bench", "run",
            "--target", f"x=http://127.0.0.1:{HERE.free_port()}", "--users", "1500",
            "--processes", "1", "--out", str(out), *options,
        ],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    [message] = ended.stderr.splitlines()
    assert message.startswith("wsgi-bench: This run opens ")
    assert "1,024 are allowed (ulimit -n). Run `ulimit -n 4096` first" in message
    assert ended.stdout == ""
    assert not out.exists()
