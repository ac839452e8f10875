"""What is in the images, that it has one identity, and that a run leaves none behind without a name."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.catalogue.registry import load_apps, load_servers
from bench.catalogue.versions import Checkout, this_checkout
from bench.deploy import images, ownership, ownimages
from bench.deploy.compose import ComposeRuntime
from bench.deploy.engine import Engine, find_engine
from bench.machine.environment import split_cpus
from bench.machine.lasting import birth
from bench.model import Deployment
from bench.model.errors import EngineError
from bench.model.variant import THIS_CHECKOUT

pytestmark = [pytest.mark.containers, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml", {})
HELLO = load_apps(ROOT / "apps/apps.toml")["hello"]
# The folder of servers/ that each service has in its image.
FOLDERS = {name: name.removesuffix("-threaded").removesuffix("-sync") for name in SERVERS}
# All that sends load; `link` first, since it takes what locust replaces as it is imported.
IMPORT_ALL = """
import importlib, pathlib
for name in ("link", *(path.stem for path in pathlib.Path("bench/load").glob("*.py"))):
    if name != "locustfile":
        importlib.import_module(f"bench.load.{name}")
"""


@dataclass(frozen=True)
class Run:
    """What a run says of its images."""

    identities: dict[str, str]
    ids: dict[str, str]
    unnamed: set[str]


def unnamed(engine: Engine) -> set[str]:
    """The project's images that have no name."""
    wanted = ("--filter", "dangling=true", "--filter", "label=wsgi-bench.image")
    return set(engine.run("image", "ls", "--quiet", "--no-trunc", *wanted).split())


def run_once(engine: Engine, directory: Path) -> Run:
    deployments = [Deployment(f"{s.name}.hello", s, HELLO, database=1) for s in SERVERS.values()]
    with ComposeRuntime(
        directory, split_cpus(), deployments, checkouts=this_checkout(ROOT), engine=engine, say=print
    ) as runtime:
        services = json.loads((directory / "compose.json").read_text())["services"]
        ids = {name.removesuffix(".hello"): service["image"] for name, service in services.items()}
        identities = dict(runtime.images)
    # Other tests' runs may leave some while this one needs its own.
    return Run(identities, ids, unnamed(engine) & set(ids.values()))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return find_engine()


@pytest.fixture(scope="module")
def runs(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    first, second = (run_once(engine, tmp_path_factory.mktemp("run")) for _ in range(2))
    return first, second


def test_two_runs_in_a_row_have_the_same_images_and_leave_none_without_a_name(runs: tuple[Run, Run]) -> None:
    first, second = runs

    assert first.identities == second.identities
    assert first.ids == second.ids
    assert first.unnamed | second.unnamed == set()


def test_each_server_the_driver_and_the_base_have_an_identity(runs: tuple[Run, Run]) -> None:
    assert set(runs[0].identities) == {*SERVERS, "driver", "base"}
    assert all(len(digest) == len("sha256:") + 64 for digest in runs[0].identities.values())


def test_one_content_has_one_identity_whatever_the_service_is_called(runs: tuple[Run, Run]) -> None:
    identities = runs[0].identities

    assert identities["wsgiref"] == identities["wsgiref-threaded"]
    assert identities["gunicorn"] == identities["gunicorn-sync"]
    assert len({identities[name] for name in ("wsgiref", "gunicorn", "uwsgi", "driver", "base")}) == 5


def test_containers_are_made_from_the_very_images_that_were_described(runs: tuple[Run, Run]) -> None:
    assert all(image.startswith("sha256:") for image in runs[0].ids.values())


def another_checkout(folder: Path) -> Checkout:
    """One whose application holds something else."""
    for name in ("apps", "bench", "servers"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("docker-compose.yml", ".dockerignore"):
        shutil.copy(ROOT / name, folder)
    with (folder / "apps/hello/wsgi.py").open("a") as file:
        file.write("HELD = 1\n")
    return Checkout(folder, folder / "docker-compose.yml")


def said(engine: Engine, image: str, command: str) -> str:
    """What a shell in an image prints, as root, who can look everywhere."""
    alone = ("--rm", "--network", "none", "--user", "0:0", "--entrypoint", "sh")
    return engine.run("run", *alone, image, "-c", command).strip()


@pytest.mark.parametrize("name", [*SERVERS, "driver"])
def test_an_image_has_no_package_manager_no_perl_and_no_set_uid_program(
    runs: tuple[Run, Run], engine: Engine, name: str
) -> None:
    image = runs[0].ids[name]

    programs = "for p in apt apt-get dpkg perl pip pip3 su mount; do command -v $p; done"
    assert said(engine, image, programs + "; find / -xdev -type f -perm /6000") == ""


@pytest.mark.parametrize("name", SERVERS)
def test_an_image_has_the_folder_of_its_own_server_alone(
    runs: tuple[Run, Run], engine: Engine, name: str
) -> None:
    found = said(engine, runs[0].ids[name], "ls -A servers; ls -A /srv").split()

    assert set(found) - {"__pycache__"} == {
        "application.py", "healthcheck.py", "serve.py", FOLDERS[name], "apps", "servers"
    }  # fmt: skip


def test_the_drivers_image_has_all_that_sends_load_and_nothing_that_analyses(
    runs: tuple[Run, Run], engine: Engine
) -> None:
    image = runs[0].ids["driver"]

    engine.run("run", "--rm", "--network", "none", image, "python", "-c", IMPORT_ALL, timeout_s=120)
    assert said(engine, image, "ls -d /opt/venv/lib/python3*/site-packages/scipy || true") == ""


def without_name(engine: Engine, directory: Path, word: str) -> str:
    """An image of the project's that has no name, as one that a newer one took it from."""
    with tarfile.open(directory / f"{word}.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo(word))
    return engine.run(
        "import", "--change", "LABEL wsgi-bench.image=test", str(directory / f"{word}.tar")
    ).strip()


def test_an_image_that_lost_its_name_is_removed_unless_another_run_lives(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    superseded = without_name(engine, tmp_path, str(tmp_path.name))
    assert superseded in unnamed(engine)

    parent = os.getppid()
    machine = ownership.labels("0")[ownership.HARNESS_LABEL].partition("/")[0]
    monkeypatch.setattr(ownership, "runs", lambda _engine: {"0": f"{machine}/{parent}/{birth(parent)}"})
    ownership.remove_superseded(engine)
    assert superseded in unnamed(engine)

    monkeypatch.setattr(ownership, "runs", lambda _engine: {})
    ownership.remove_superseded(engine)
    assert superseded not in unnamed(engine)


def test_a_build_that_fails_is_an_error_though_there_are_images_of_before(tmp_path: Path) -> None:
    """Docker Compose 2.40 ends with 0, and what stands under the image's name is that of the last build."""
    engine = find_engine()
    base = images.base_images(engine, ROOT, ["PYTHON_IMAGE"], print)["PYTHON_IMAGE"]
    name = f"wsgi-bench-test-{os.getpid()}"
    (tmp_path / "docker-compose.yml").write_text(f"services: {{{name}: {{image: {name}, build: .}}}}\n")
    dockerfile = tmp_path / "Dockerfile"
    try:
        dockerfile.write_text(f"FROM {base}\n")
        images.build(engine, [tmp_path / "docker-compose.yml"], [name], {}, print)
        dockerfile.write_text(f"FROM {base}\nRUN echo what went wrong; exit 3\n")
        with pytest.raises(EngineError, match=r"(?s)can't be built.*exit code: 3"):
            images.build(engine, [tmp_path / "docker-compose.yml"], [name], {}, print)
    finally:
        engine.run("image", "rm", name)


def test_another_run_may_take_the_name_of_an_image_while_it_is_built(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, real = another_checkout(tmp_path), images.build

    def build_both(engine: Engine, files: list[Path], services: list[str], *others: Any) -> None:
        real(engine, files, services, *others)
        real(engine, [other.compose_file], services, *others)

    monkeypatch.setattr(images, "build", build_both)
    bases = images.base_images(engine, ROOT, ["PYTHON_IMAGE"], print)
    own, run_id = this_checkout(ROOT)[THIS_CHECKOUT], "0badcafe"
    try:
        built = ownimages.of_checkout(engine, own, ["cheroot"], run_id, bases, print)

        assert list(built) == ["wsgi-bench/cheroot"]
        assert said(engine, built["wsgi-bench/cheroot"], "grep -c HELD apps/hello/wsgi.py; true") == "0"
        # From now on it may need them.
        assert ownership.runs(engine)[run_id] == ownership.labels(run_id)[ownership.HARNESS_LABEL]
    finally:
        ownership.remove_run(engine, run_id)
    assert run_id not in ownership.runs(engine)
    assert engine.run("image", "ls", "--quiet", "wsgi-bench/cheroot")
