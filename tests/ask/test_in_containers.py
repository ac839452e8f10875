"""What is asked of containers for one's own application, and of limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.ask.limits import require_cpus_for
from bench.ask.resolution import Settings, resolve
from bench.model import CpuSplit
from bench.model.errors import UsageError
from bench.model.surroundings import Limits

ROOT = Path(__file__).parents[2]


def asked(folder: Path, **flags: Any) -> Settings:
    return resolve(flags, ROOT, {"TOKEN": "secret"}, own=True, here=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "wsgi.py").write_text("def application(environ, start_response): ...\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"image": "shop", "dockerfile": "Dockerfile"}, "exclude each other"),
        ({"image": "shop", "runtime": "local"}, "--image is for containers: leave --runtime local out"),
        (
            {"dockerfile": "Dockerfile", "requirements": "r.txt"},
            "--requirements: dockerfile has what it needs",
        ),
        ({"runtime": "compose", "copy": ("db.sqlite3",)}, "--copy: containers are made anew"),
        ({"dockerfile": "None"}, "--dockerfile None: there is no such file"),
        ({"image": "shop", "pass_env": ("SECRET",)}, "--pass-env SECRET: your shell has no such variable"),
        ({"image": "shop", "pass_env": ("TOKEN=x",)}, "--pass-env TOKEN: write the name of a variable alone"),
        ({"chdir": "~nobody-here/shop"}, "--chdir ~nobody-here/shop: there is no such user"),
        ({"memory": "9" * 400}, "write a size of 16m or more"),
        ({"cpus": 4000}, "4000 is not a number from 0.01 to 1024"),
        ({"against": "HEAD"}, "--against is for versions of a checkout of wsgi-bench, its servers"),
        ({"memory": "lots"}, "--memory lots: write a size of 16m or more"),
        ({"memory": "1m"}, "--memory 1m: write a size of 16m or more"),
    ],
)
def test_what_does_not_go_is_said(folder: Path, flags: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        asked(folder, **flags)

    assert said.lower() in str(raised.value).lower()


def test_a_server_has_as_many_cpus_as_it_may_use() -> None:
    require_cpus_for(Limits(cpus=2), CpuSplit((1, 2), (0,), (0,)))

    with pytest.raises(UsageError, match="--cpus 3: each server runs on 2 here"):
        require_cpus_for(Limits(cpus=3), CpuSplit((1, 2), (0,), (0,)))


def test_what_is_nowhere_in_the_folder_may_be_in_the_image(folder: Path) -> None:
    (folder / "wsgi.py").unlink()

    with pytest.raises(UsageError, match="Of an image, it may be named as module:callable"):
        asked(folder, image="shop")


def test_an_application_of_an_image_need_not_be_in_the_folder(folder: Path) -> None:
    settings = asked(folder, image="shop", app="shop.web:app", pass_env=("TOKEN",))

    assert settings.own is not None
    assert settings.runtime == "compose"
    assert settings.own.contained
    assert settings.own.found.callable == "shop.web:app"
    assert settings.own.variables == ("TOKEN",)
    [(_, scenario)] = settings.combinations
    assert scenario.asked is not None
    assert scenario.asked.host == "127.0.0.1:8000"


@pytest.mark.parametrize(("text", "size"), [("512m", 512 << 20), ("1.5g", 3 << 29), ("64 MiB", 64 << 20)])
def test_sizes_are_read_as_engines_read_them(folder: Path, text: str, size: int) -> None:
    assert asked(folder, memory=text, cpus=0.5).limits.memory_bytes == size


def test_a_docker_context_asks_for_containers(folder: Path) -> None:
    settings = asked(folder, docker_context="far")

    assert settings.runtime == "compose"
    assert settings.own is not None
    assert settings.own.contained
    assert settings.docker_context == "far"
    assert settings.given["docker_context"] == "far"
    with pytest.raises(UsageError, match="leave --runtime local or it out"):
        asked(folder, docker_context="far", runtime="local")
    with pytest.raises(UsageError, match="leave --target or it out"):
        resolve({"docker_context": "far", "target": ("x=http://127.0.0.1:1",)}, ROOT, {})
    # Where it is the shell's, a target on the command line is meant.
    beside = resolve({"target": ("x=http://127.0.0.1:1",)}, ROOT, {"WSGI_BENCH_DOCKER_CONTEXT": "far"})
    assert beside.runtime == "external"
