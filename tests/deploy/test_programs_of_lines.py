"""The program of a user's own line is found where it is: in its environment, or laid over that."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bench.ask.servers import not_there
from bench.ask.serverspec import read_servers
from bench.catalogue.ownline import FETCHED
from bench.deploy.starting import project_environment
from bench.model.project import Project


@pytest.fixture
def laid_over(tmp_path: Path) -> Path:
    """A folder with a program, as packages have one that are installed into it."""
    program = tmp_path / "overlay/bin/gunicorn"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return tmp_path / "overlay"


def test_a_shells_line_finds_the_program_that_was_laid_over(tmp_path: Path, laid_over: Path) -> None:
    python = tmp_path / "environment/bin/python"
    project = Project(str(tmp_path), str(python), "shop:app", "Python", overlays={"web": str(laid_over)})
    shell = {"PATH": os.defpath}

    path = project_environment(project, shell, "web")["PATH"]

    assert shutil.which("gunicorn", path=path) == str(laid_over / "bin/gunicorn")
    assert path.split(os.pathsep)[0] == str(python.parent)
    assert str(laid_over) not in project_environment(project, shell, "other")["PATH"]


@pytest.mark.parametrize(
    ("line", "lacking"),
    [
        ("gunicorn shop:app -b {bind}", False),
        ("gunicorn shop:app -b 0.0.0.0:$PORT", False),
        ("cd ../old && gunicorn shop:app -b {bind}", False),
        ("nosuch shop:app --port $PORT", True),
        ("flask --app shop run --port $PORT", True),
    ],
)
def test_what_is_fetched_need_not_be_there(tmp_path: Path, line: str, lacking: bool) -> None:
    servers = read_servers([f"web={line}"], {}, tmp_path, ())

    said = tuple(not_there(servers, str(tmp_path), tmp_path, fetched=FETCHED))

    assert bool(said) == lacking
