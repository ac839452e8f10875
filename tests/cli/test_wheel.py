"""The wheel alone, in an empty environment, measures a project that isn't this one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from bench.deploy.images import BUILT_HERE
from tests.installed import run, shell

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"books"]
"""
USERS = """
from locust import FastHttpUser, constant, task

class Reader(FastHttpUser):
    wait_time = constant(0.02)

    @task
    def books(self):
        self.client.get("/books")
"""


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


@pytest.mark.slow
def test_the_wheel_runs_the_users_of_a_locust_file(command: Path, tmp_path: Path) -> None:
    (tmp_path / "wsgi.py").write_text(APPLICATION)
    (tmp_path / "locustfile.py").write_text(USERS)

    asked = ("--locustfile", "locustfile.py", "--users", "2", "--servers", "waitress")
    run(command, "try", "--profile", "smoke", *asked, cwd=tmp_path)

    [result] = (tmp_path / "wsgi-bench-results").glob("*/result.json")
    document = json.loads(result.read_text())
    assert document["complete"]
    assert document["plan"]["locust"]["name"] == "locustfile.py"
    assert all(trial["ok"] and not trial["failed"] for case in document["cases"] for trial in case["trials"])


@pytest.mark.containers
@pytest.mark.slow
def test_the_wheel_measures_an_image(command: Path, tmp_path: Path) -> None:
    engine, name = find_engine(), "wsgi-bench/test-of-the-wheel"
    base = os.environ.get("PYTHON_IMAGE") or BUILT_HERE["PYTHON_IMAGE"]
    context, folder = tmp_path / "context", tmp_path / "folder"
    for made in (context, folder, programs := tmp_path / "programs"):
        made.mkdir()
    (context / "wsgi.py").write_text(APPLICATION)
    (context / "Dockerfile").write_text(f"FROM {base}\nCOPY wsgi.py /srv/\nWORKDIR /srv\nUSER 12345\n")
    for program in {engine.program, engine.compose[0]}:
        (programs / Path(program).name).symlink_to(program)
    words = ("--profile", "smoke", "--image", name, "--servers", "wsgiref,cheroot", "--blocks", "1")
    engine.run("build", "--tag", name, str(context), timeout_s=120)
    try:
        shown = shell(PATH=f"{programs}:{os.defpath}")
        run(command, "try", "wsgi:application", *words, cwd=folder, environment=shown)
        engine.run("image", "inspect", name)
    finally:
        engine.run("image", "rm", "--force", name)

    [result] = (folder / "wsgi-bench-results").glob("*/result.json")
    document = json.loads(result.read_text())
    assert {case["verdict"]["valid"] for case in document["cases"]} == {True}
    assert {one["app"]["project"]["image"] for one in document["plan"]["deployments"]} == {name}


def test_the_wheel_has_what_the_checkout_has(command: Path, tmp_path: Path) -> None:
    said = run(command, "list", "servers", "--json", cwd=tmp_path)

    assert {row["server"] for row in json.loads(said)} >= {
        "gunicorn",
        "waitress",
        "uwsgi",
        "granian",
        "cheroot",
    }
