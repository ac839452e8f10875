"""What a run needs is taken away while it measures: its results, or Redis."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from bench.deploy.engine import find_engine
from bench.store import JOURNAL, load
from tests.cli.conftest import ROOT, environment, measured, wsgi_bench

BLOCKS = "15"


@contextmanager
def running(out: Path, runtime: str, app: str, scenario: str) -> Iterator[subprocess.Popen[str]]:
    """A run that has saved a few blocks, has some before it, and stands still until it is sent SIGCONT."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench", "run", "--profile", "smoke", "--runtime", runtime, "--app", app,
         "--scenarios", scenario, "--servers", "waitress", "--rate", "100", "--blocks", BLOCKS, "--quiet",
         "--out", str(out)],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        deadline = time.monotonic() + 200
        while not (out / JOURNAL).exists() or (out / JOURNAL).read_bytes().count(b'"trials"') < 3:
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(signal.SIGSTOP)
        try:
            yield child
        finally:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.send_signal(signal.SIGTERM)


def end_of(child: subprocess.Popen[str]) -> str:
    """What a run that goes on has said by its end."""
    child.send_signal(signal.SIGCONT)
    return child.communicate(timeout=200)[1]


def _remove(out: Path) -> None:
    # While others than the harness write there, it takes more than one attempt.
    while out.exists():
        shutil.rmtree(out, ignore_errors=True)


def _replace(out: Path) -> None:
    out.rename(out.with_name("moved"))
    out.mkdir()


@pytest.mark.slow
@pytest.mark.parametrize("lose", [_remove, _replace])
def test_results_that_are_removed_midway_are_written_elsewhere(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    out = tmp_path / "out"
    with running(out, "local", "hello", "hello") as child:
        lose(out)
        said = end_of(child)

    assert child.returncode == 1
    assert "Traceback" not in said
    line = said.splitlines()[-1]
    found = re.search(r"What was measured is saved in (\S+); `(.*wsgi-bench resume \S+)`", line)
    assert found is not None, said
    where = Path(found[1])
    assert where.parent == tmp_path
    assert found[2].endswith(f"wsgi-bench resume {where}")
    before = load(where)
    assert len(before.trials) >= 3
    assert not before.complete
    assert (where / "report.html").exists()
    if lose == _remove:
        after = measured(wsgi_bench("resume", where), where)
        assert all(trial in after.trials for trial in before.trials)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runtime", "scenario"),
    [
        ("local", "shorten"),
        ("local", "follow"),
        pytest.param("compose", "follow", marks=pytest.mark.containers),
    ],
)
def test_redis_that_is_killed_is_called_so(tmp_path: Path, runtime: str, scenario: str) -> None:
    """Also where nothing is written, so that the driver asks nothing of Redis."""
    out = tmp_path / "out"
    with running(out, runtime, "shortly", scenario) as child:
        if runtime == "local":
            [redis] = [
                one
                for one in psutil.Process(child.pid).children(recursive=True)
                if "redis-server" in one.name()
            ]
            redis.kill()
        else:
            engine = find_engine()
            names = engine.run("ps", "--filter", "name=-redis$", "--format", "{{.Names}} {{.Labels}}")
            [name] = [line.split()[0] for line in names.splitlines() if f"/{child.pid}/" in line]
            engine.run("kill", name)
        said = end_of(child)

    assert child.returncode == 1
    assert "Traceback" not in said
    assert "wsgi-bench: Redis was killed by SIGKILL" in said
    assert "load driver" not in said
    assert f"What was measured is saved; `wsgi-bench resume {out}` continues it." in said
    assert load(out).trials
