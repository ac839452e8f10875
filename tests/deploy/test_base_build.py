"""`servers/base/build` names what hinders it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.patience import HANGS_S
from tests.required import lacks

BUILD = Path(__file__).parents[2] / "servers/base/build"


@pytest.fixture
def engine() -> None:
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "version"], capture_output=True, check=False).returncode
    ):
        lacks("No Docker engine answers")


def says(**variables: str) -> str:
    """The last line of a build that fails."""
    for program in ("mmdebstrap", "docker"):
        if shutil.which(program) is None:
            lacks(f"There is no {program}")
    ended = subprocess.run(
        [BUILD], env={**os.environ, **variables}, capture_output=True, text=True, timeout=HANGS_S, check=False
    )
    assert ended.returncode == 1, ended.stderr
    return ended.stderr.splitlines()[-1]


def test_an_engine_that_does_not_answer(tmp_path: Path) -> None:
    said = says(DOCKER_HOST=f"unix://{tmp_path}/none.sock")

    assert "servers/base/build: no Docker engine answers: " in said
    assert f"{tmp_path}/none.sock" in said
    assert "group docker" in said


@pytest.mark.usefixtures("engine")
def test_no_place_for_files(tmp_path: Path) -> None:
    assert f"there can be no folder in {tmp_path}/none" in says(TMPDIR=f"{tmp_path}/none")


@pytest.mark.usefixtures("engine")
def test_a_mirror_that_does_not_answer() -> None:
    said = says(DEBIAN_MIRROR="http://127.0.0.1:1/debian")

    assert "the python image can't be made: the mirror http://127.0.0.1:1/debian doesn't give" in said
    assert "DEBIAN_MIRROR" in said


@pytest.mark.usefixtures("engine")
def test_a_full_disk(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", full], capture_output=True, check=False
    )
    if mounted.returncode:
        lacks("Mounting a small disk needs root")
    try:
        said = says(TMPDIR=str(full))
    finally:
        subprocess.run(["umount", "--lazy", full], check=True)

    assert f"the python image can't be made: {full} is full" in said
