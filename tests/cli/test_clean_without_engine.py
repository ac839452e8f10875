"""`clean` doesn't say that nothing was left where it couldn't look."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.required import lacks


@pytest.mark.parametrize("state", ["dead", "refuses"])
def test_an_engine_that_does_not_answer_is_a_failure(here: Here, tmp_path: Path, state: str) -> None:
    if shutil.which("docker") is None:
        lacks("There is no `docker` command")
    path = tmp_path / "engine.sock"
    if state == "refuses":
        # Nobody listens there any more, as after an engine was killed.
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))

    said = here("clean", env={"DOCKER_HOST": f"unix://{path}"})

    assert said.code == 1
    assert "No Docker engine answers: " in said.err
    assert "then run `wsgi-bench clean` again: what runs have left can't be known before." in said.err
    assert "to clean" not in said.out
    assert "No run that has ended" not in said.out


def test_without_docker_nothing_was_looked_for(here: Here, tmp_path: Path) -> None:
    said = here("clean", env={"PATH": str(tmp_path)})

    assert said.code == 0
    assert said.out.splitlines()[-1] == "Containers were not looked for: there is no `docker` command."


def test_what_runs_have_built_goes_whether_there_is_an_engine_or_not(here: Here, tmp_path: Path) -> None:
    kept = tmp_path / "wsgi-bench/environments"
    kept.mkdir(parents=True)
    (kept / "big").write_bytes(bytes(3_000_000))

    said = here("clean", "--cache", env={"PATH": "/nowhere", "XDG_CACHE_HOME": str(tmp_path)})

    assert f"removed 3 MB from {kept.parent}" in said.out
    assert not kept.parent.exists()
