"""Where no Docker engine answers: the message says what to do, and `auto` does without."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from bench.deploy import engine
from bench.deploy.engine import find_engine
from bench.deploy.select import choose_runtime
from bench.model.errors import EngineError
from tests.required import lacks


@pytest.fixture
def docker_command() -> None:
    if shutil.which("docker") is None:
        lacks("There is no `docker` command")


def test_without_the_docker_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineError, match=r"no `docker` command.*--runtime local"):
        find_engine()


@pytest.mark.usefixtures("docker_command")
def test_with_an_engine_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    with pytest.raises(
        EngineError, match=r"No Docker engine answers.*systemctl start docker.*--runtime local"
    ):
        find_engine()


@pytest.mark.usefixtures("docker_command")
def test_with_an_engine_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "_ANSWER_S", 0.5)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/hangs.sock")
        listener.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/hangs.sock")

        with pytest.raises(EngineError, match=r"No Docker engine answers: no end after 0\.5 s"):
            find_engine()


@pytest.mark.usefixtures("docker_command")
def test_an_engine_that_dies_in_the_middle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    assert docker is not None
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    dead = engine.Engine(docker, (docker, "compose"), "20.10")

    with pytest.raises(EngineError, match=r"died or hangs.*start it again\."):
        dead.run("ps")


def test_auto_does_without_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []

    assert choose_runtime("auto", said.append) == "local"
    assert len(said) == 1
    assert said[0].startswith("runtime local: There is no `docker` command")


@pytest.mark.parametrize("name", ["local", "compose", "external"])
def test_what_was_asked_for_is_not_second_guessed(name: str) -> None:
    said: list[str] = []

    assert choose_runtime(name, said.append) == name
    assert not said
