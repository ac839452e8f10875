"""The tutorials hold: what they have typed works, and prints what they show."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.deploy.engine import find_engine
from tests.any_app.tutorials import TUTORIALS, missing, steps
from tests.installed import shell_with_engine
from tests.required import lacks

# Where what is to be tried begins, and where it ends.
TRIED = {
    "access-log.md": ("An example to try", "What is asked, and what isn't"),
    "django.md": ("An example to try", "With PostgreSQL"),
    "flask.md": ("An example to try", ""),
    "locust.md": ("An example to try", "How to read it"),
    "github-actions.md": ("The same by hand", ""),
}
WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"books"]
"""


@pytest.mark.slow
@pytest.mark.parametrize("page", TRIED)
def test_a_tutorial_prints_what_it_shows(page: str, command: Path, tmp_path: Path) -> None:
    if page == "github-actions.md":
        (tmp_path / "wsgi.py").write_text(WSGI)
    assert missing(steps(page, *TRIED[page]), tmp_path, command) == []


@pytest.mark.slow
@pytest.mark.index
@pytest.mark.containers
def test_the_one_with_postgresql_does(command: Path, tmp_path: Path) -> None:
    image = "postgres:17"
    engine = find_engine().program
    if subprocess.run([engine, "image", "inspect", image], capture_output=True, check=False).returncode:
        pulled = subprocess.run([engine, "pull", image], capture_output=True, text=True, check=False)
        if pulled.returncode:
            lacks(f"{image} can't be had: {pulled.stderr.strip()}")
    assert missing(steps("django.md", "An example to try"), tmp_path, command, shell_with_engine()) == []


def test_each_tutorial_is_tried() -> None:
    assert {page.name for page in TUTORIALS.glob("*.md")} == set(TRIED)
