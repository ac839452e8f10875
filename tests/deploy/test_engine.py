"""Where no Docker engine answers: the message says what to do, and `auto` does without."""

from __future__ import annotations

import os
import platform
import re
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.deploy import engine
from bench.deploy.engine import Engine, find_engine, leading_there, use_context
from bench.deploy.enginehost import told
from bench.deploy.select import choose_runtime
from bench.machine.place import HERE, About
from bench.machine.process import run
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


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Makes a Docker context of this name that leads there."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        # So that what a test sets is removed again.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def make(name: str, host: str) -> None:
        run(["docker", "context", "create", name, "--docker", f"host={host}"])

    return make


@pytest.mark.usefixtures("docker_command")
def test_the_engine_of_a_context_is_the_one_that_is_asked(
    contexts: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, refusing_port: int
) -> None:
    contexts("far", f"tcp://127.0.0.1:{refusing_port}")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    use_context("far")

    with pytest.raises(EngineError, match=rf"answers at tcp://127\.0\.0\.1:{refusing_port}: .*context ls"):
        find_engine()
    shell = {"HOME": "/x", "DOCKER_HOST": "unix:///nowhere.sock"}
    assert leading_there(shell) == {
        "HOME": "/x", "DOCKER_CONTEXT": "far", "DOCKER_CONFIG": os.environ["DOCKER_CONFIG"],
    }  # fmt: skip


@pytest.mark.usefixtures("docker_command", "contexts")
def test_a_context_that_is_not_known() -> None:
    use_context("nobody")

    with pytest.raises(EngineError, match=r'answers at nobody: .*context "nobody".* not found'):
        find_engine()


INFO = {
    "Name": "far", "OperatingSystem": "Some Linux", "KernelVersion": "6.1", "NCPU": 8, "MemTotal": 1 << 33,
    "ID": "number", "OSType": "linux", "Architecture": platform.machine(),
    "SecurityOptions": ["name=seccomp"],
    "CgroupDriver": "systemd", "CgroupVersion": "2",
}  # fmt: skip


@dataclass(frozen=True)
class Telling(Engine):
    """An engine elsewhere that says this of itself."""

    said: Mapping[str, Any] = field(default_factory=dict)

    def info(self) -> Mapping[str, Any]:
        return self.said


def telling(**changes: object) -> Telling:
    return Telling("docker", (), "28", "ssh://far", {**INFO, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Architecture": "s390x"}, "another architecture (s390x) than this one"),
        ({"OSType": "windows"}, "runs on windows"),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "without root's rights (rootless)"),
        ({"CgroupDriver": "none"}, "has no cgroups (none)"),
        ({"CgroupVersion": ""}, "has no cgroups"),
    ],
)
def test_an_engine_elsewhere_on_which_nothing_could_be_measured(
    changes: Mapping[str, object], said: str
) -> None:
    with pytest.raises(EngineError, match=re.escape(said)):
        told(telling(**changes))


def test_what_an_engine_tells_of_its_machine() -> None:
    place = told(telling(Architecture={"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")))

    assert place.about == About("far", "Some Linux", "Linux 6.1", 8, 1 << 33, "number")
    assert place.elsewhere
    assert len(place.cpus()) == 8
    assert told(Engine("docker", (), "28")) is HERE
