"""The real command, run as people run it: a process, its exit code and what it says.

What starts nothing is asked for in this process instead: importing the verbs takes half a second each time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from bench.analysis import analyse
from bench.analysis.findings import findings_of
from bench.cli import reading, running, upkeep
from bench.cli.verbs import main
from bench.model import Suite
from bench.model.finding import exit_code
from bench.store import Writer, load
from tests.make_suite import make_suite, without_trials
from tests.preflight.looking import write

ROOT = Path(__file__).parents[2]
RATE = "200"
"""At which fewer requests come in a whole open trial than may be under way: none is ever dropped."""
# As little as shows everything: one app, a few trials.
SMOKE = ("run", "--profile", "smoke", "--runtime", "local", "--app", "hello", "--rate", RATE, "--blocks", "1")


@dataclass(frozen=True)
class Said:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**changes: str) -> dict[str, str]:
    """This environment without settings of the harness and a path of imports, with these changes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WSGI_BENCH_") and name != "PYTHONPATH"
    }
    return {**kept, **changes}


def wsgi_bench(
    *arguments: str | Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 240,
    command: tuple[str | Path, ...] = (sys.executable, "-m", "bench"),
) -> Said:
    """Run `wsgi-bench ARGUMENTS` with the code of the checkout `cwd`."""
    ended = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return Said(ended.returncode, ended.stdout, ended.stderr)


def measured(said: Said, out: Path) -> Suite:
    """What a run to its end has stored, in which every server answered every request rightly.

    Its exit code must be the one that follows from what it stored: whether a case is valid is up to the
    machine, which others may use, too.
    """
    suite = load(out)
    assert said.code == exit_code(findings_of(suite, analyse(suite))), said.err
    assert suite.complete
    assert suite.failures == ()
    assert {trial.case for trial in suite.trials} == {case.id for case in suite.plan.cases}
    assert all(trial.ok and not trial.failed for trial in suite.trials)
    return suite


class Here(Protocol):
    """Runs `wsgi-bench ARGUMENTS` in this process, on the checkout `cwd`."""

    def __call__(
        self, *arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None
    ) -> Said: ...


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """For what measures nothing: reading, listing, planning, refusing."""

    def call(*arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Said:
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environment().keys():
                patch.delenv(name)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            # Else it would keep the temporary folder of another environment.
            patch.setattr(tempfile, "tempdir", None)
            patch.chdir(cwd)
            for module in (reading, running, upkeep):
                patch.setattr(module, "ROOT", cwd)
            patch.setattr(sys, "argv", ["wsgi-bench", *map(str, arguments)])
            code = main()
        return Said(code, *capsys.readouterr())

    return call


class Tried(Protocol):
    """Runs `wsgi-bench VERB ARGUMENTS` in this process, in a project of these files."""

    def __call__(self, files: Mapping[str, str], *arguments: str, verb: str = "try") -> Said: ...


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tried:
    """In `shop/` of the test's folder, with this Python: it has all servers, and none is fetched."""

    def call(files: Mapping[str, str], *arguments: str, verb: str = "try") -> Said:
        project = tmp_path / "shop"
        project.mkdir(exist_ok=True)
        write(project, files)
        with monkeypatch.context() as patch:
            for name in os.environ.keys() - environment().keys():
                patch.delenv(name)
            patch.chdir(project)
            patch.setattr(sys, "argv", ["wsgi-bench", verb, *arguments, "--python", sys.executable])
            code = main()
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the command reads, to spoil."""
    copy = tmp_path / "checkout"
    for name in ("bench", "apps"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "docker-compose.yml", copy)
    return copy


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A small complete result."""
    suite = make_suite({"gunicorn": 3000.0, "waitress": 2500.0}, rounds=2, blocks=4)
    directory = tmp_path / "result"
    with Writer.create(directory, without_trials(suite), analyse) as writer:
        writer.append(trials=suite.trials, deployments=suite.deployments)
        writer.finish(complete=True, finished=suite.finished)
    return directory
