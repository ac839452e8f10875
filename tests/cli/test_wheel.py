"""The wheel alone, in an empty environment, measures a project that isn't this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.installed import run

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"books"]
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


def test_the_wheel_has_what_the_checkout_has(command: Path, tmp_path: Path) -> None:
    said = run(command, "list", "servers", "--json", cwd=tmp_path)

    assert {row["server"] for row in json.loads(said)} >= {
        "gunicorn",
        "waitress",
        "uwsgi",
        "granian",
        "cheroot",
    }
