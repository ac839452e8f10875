"""The wheel alone, in an empty environment, measures a project that isn't this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from tests.cli.conftest import ROOT, environment

UV = Path(sys.prefix) / "bin" / "uv"
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"books"]
"""


def run(*command: str | Path, cwd: Path, timeout_s: float = 200, path: str = os.defpath) -> str:
    # The harness's own environment is nobody else's.
    kept = environment(PATH=path)
    kept.pop("VIRTUAL_ENV", None)
    ended = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, timeout=timeout_s)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`wsgi-bench`, installed from a wheel of this checkout."""
    folder = tmp_path_factory.mktemp("installed")
    run(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
        "--out-dir", folder / "dist", ROOT, cwd=folder)  # fmt: skip
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "environment", cwd=folder)
    [wheel] = (folder / "dist").glob("*.whl")
    python = folder / "environment/bin/python"
    run(UV, "pip", "install", "--quiet", "--python", python, "--constraint", ROOT / "requirements.lock",
        wheel, cwd=folder)  # fmt: skip
    return folder / "environment/bin/wsgi-bench"


@pytest.mark.slow
def test_the_wheel_measures_a_project(command: Path, tmp_path: Path) -> None:
    project = tmp_path / "books"
    project.mkdir()
    (project / "wsgi.py").write_text(APPLICATION)

    run(command, "try", "--profile", "smoke", "--servers", "waitress,gunicorn", "--blocks", "1", cwd=project)

    [result] = (project / "wsgi-bench-results").glob("*/result.json")
    document = json.loads(result.read_text())
    assert document["complete"]
    assert {case["verdict"]["valid"] for case in document["cases"]} == {True}
    assert document["environment"]["versions"]["wsgi-bench"] == "0.1.0"
    assert sorted(path.name for path in project.iterdir()) == ["wsgi-bench-results", "wsgi.py"]
    assert (project / "wsgi-bench-results/.gitignore").read_text() == "*\n"


@pytest.mark.containers
@pytest.mark.slow
def test_the_wheel_measures_a_project_in_containers(command: Path, tmp_path: Path) -> None:
    (tmp_path / "wsgi.py").write_text(APPLICATION)
    words = ("--profile", "smoke", "--runtime", "compose", "--servers", "waitress", "--blocks", "1")
    programs = tmp_path / ".programs"
    programs.mkdir()
    engine = find_engine()
    for program in (engine.program, engine.compose[0]):
        (programs / Path(program).name).unlink(missing_ok=True)
        (programs / Path(program).name).symlink_to(program)

    run(command, "try", *words, cwd=tmp_path, path=f"{programs}:{os.defpath}")

    [result] = (tmp_path / "wsgi-bench-results").glob("*/result.json")
    document = json.loads(result.read_text())
    assert {case["verdict"]["valid"] for case in document["cases"]} == {True}
    assert document["environment"]["docker"]


def test_the_wheel_has_what_the_checkout_has(command: Path, tmp_path: Path) -> None:
    said = run(command, "list", "servers", "--json", cwd=tmp_path)

    assert {row["server"] for row in json.loads(said)} >= {
        "gunicorn",
        "waitress",
        "uwsgi",
        "granian",
        "cheroot",
    }
