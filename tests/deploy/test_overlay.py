"""Servers laid over an environment that lacks them, with wheels made for the purpose."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uv

from bench.catalogue.interpreter import Interpreter, find_interpreter
from bench.catalogue.registry import load_servers
from bench.deploy import overlay as overlay_module
from bench.deploy.overlay import Overlay, lay_over
from bench.deploy.program import program
from tests.wheels import only_from, tree, wheel

ROOT = Path(__file__).parents[2]
SERVERS = load_servers(ROOT / "docker-compose.yml")


class Environment:
    """An environment, an index, and the versions that our lock files name."""

    def __init__(self, root: Path) -> None:
        self.folder, self.wheels, self.root = root / ".venv", root / "wheels", root
        self.variables = only_from(self.wheels, root / "home")
        self._uv("venv", "--python", sys.executable, str(self.folder))
        self.said: list[str] = []

    def _uv(self, *arguments: str) -> None:
        subprocess.run([uv.find_uv_bin(), "--quiet", "--offline", *arguments], check=True, env=self.variables)

    def install(self, *distributions: str) -> None:
        self._uv("pip", "install", "--python", f"{self.folder}/bin/python", *distributions)

    def lock(self, server: str, *pins: str) -> None:
        file = self.root / "servers" / server / "requirements.txt"
        file.parent.mkdir(parents=True)
        file.write_text("".join(f"{pin}\n" for pin in pins))

    @property
    def interpreter(self) -> Interpreter:
        return find_interpreter(
            self.root,
            asked=str(self.folder),
            requirements=None,
            environment=self.variables,
            say=self.said.append,
        )

    def lay(self, *names: str, interpreter: Interpreter | None = None) -> Mapping[str, Overlay]:
        before = tree(self.folder)
        servers = [SERVERS[name] for name in names]
        overlays = lay_over(
            interpreter or self.interpreter, servers, self.said.append, self.variables, self.root
        )
        assert tree(self.folder) == before
        return overlays

    def run(self, overlay: Overlay, code: str) -> str:
        return subprocess.run(
            [f"{self.folder}/bin/python", "-Bc", code],
            check=True,
            capture_output=True,
            text=True,
            env={**self.variables, "PYTHONPATH": overlay.folder},
        ).stdout


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setattr(overlay_module, "HOME", tmp_path)
    return Environment(tmp_path)


def contents(overlay: Overlay) -> set[str]:
    return {path.name for path in Path(overlay.folder).iterdir() if path.suffix != ".dist-info"}


def test_what_the_environment_has_is_used_in_its_version(environment: Environment) -> None:
    wheel(environment.wheels, "gunicorn", "20.0")
    wheel(environment.wheels, "gunicorn", "27.0.1")
    environment.install("gunicorn==20.0")

    assert environment.lay("gunicorn", "gunicorn-sync", "wsgiref") == {
        "gunicorn": Overlay("", "20.0"),
        "gunicorn-sync": Overlay("", "20.0"),
        "wsgiref": Overlay("", ""),
    }
    assert environment.said == []


def test_only_what_is_missing_is_laid_over_it(environment: Environment) -> None:
    wheel(environment.wheels, "gunicorn", "27.0.1", requires=("packaging", "extra_thing"))
    wheel(environment.wheels, "packaging", "24")
    wheel(environment.wheels, "packaging", "25")
    wheel(environment.wheels, "extra_thing")
    environment.install("packaging==24")

    laid = environment.lay("gunicorn")["gunicorn"]

    assert contents(laid) == {"gunicorn.py", "extra_thing.py"}
    code = "import gunicorn, extra_thing, packaging; print(gunicorn.VERSION, packaging.VERSION)"
    assert environment.run(laid, code) == "27.0.1 24\n"


def test_it_is_made_once(environment: Environment) -> None:
    wheel(environment.wheels, "gunicorn", "27.0.1")

    first = environment.lay("gunicorn")
    said = list(environment.said)

    assert environment.lay("gunicorn") == first
    assert environment.said == said
    assert said == [f"Fetching gunicorn 27.0.1 for {environment.interpreter.name} ..."]


def test_two_runs_may_make_it_at_once(environment: Environment) -> None:
    wheel(environment.wheels, "gunicorn", "27.0.1")
    interpreter = environment.interpreter

    def lay(_: int) -> Overlay:
        return lay_over(
            interpreter,
            [SERVERS["gunicorn"]],
            environment.said.append,
            environment.variables,
            environment.root,
        )["gunicorn"]

    with ThreadPoolExecutor(4) as pool:
        laid = set(pool.map(lay, range(4)))

    (overlay,) = laid
    assert contents(overlay) == {"gunicorn.py"}
    assert [path.name for path in Path(overlay.folder).parent.iterdir()] == [Path(overlay.folder).name]


def test_the_version_of_our_lock_is_preferred(environment: Environment) -> None:
    environment.lock("gunicorn", "gunicorn==26", "extra_thing==1.0 \\", "    --hash=sha256:00")
    for version in ("26", "27"):
        wheel(environment.wheels, "gunicorn", version, requires=("extra_thing",))
    for version in ("1.0", "1.1"):
        wheel(environment.wheels, "extra_thing", version)

    laid = environment.lay("gunicorn")["gunicorn"]

    assert laid.version == "26"
    assert environment.run(laid, "import extra_thing as e; print(e.VERSION)") == "1.0\n"


def test_another_version_is_taken_where_ours_does_not_fit(environment: Environment) -> None:
    environment.lock("gunicorn", "gunicorn==27")
    wheel(environment.wheels, "gunicorn", "27", requires=("packaging>=25",))
    wheel(environment.wheels, "gunicorn", "26", requires=("packaging>=20",))
    wheel(environment.wheels, "packaging", "24")
    environment.install("packaging")

    assert environment.lay("gunicorn")["gunicorn"].version == "26"
    assert environment.said[0].startswith("gunicorn 26, since 27 doesn't fit Python")


def test_a_version_that_somebody_built_themselves_is_no_conflict(environment: Environment) -> None:
    wheel(environment.wheels, "gunicorn", "27", requires=("packaging>=20",))
    wheel(environment.wheels, "packaging", "24")
    own = wheel(environment.root / "own", "packaging", "24+ours")
    environment.install(str(own))

    assert contents(environment.lay("gunicorn")["gunicorn"]) == {"gunicorn.py"}


@pytest.mark.parametrize(
    ("server", "complaints"),
    [
        (
            {"requires": ("packaging>=25",)},
            ("gunicorn 27 needs packaging>=25, and packaging 24 is installed for ", "--servers"),
        ),
        ({"python": ">=99"}, ("gunicorn 27 needs Python >=99; this is ", "--servers")),
        ({"tag": "cp27-none-any"}, ("gunicorn 27 has no wheel for ", "--servers")),
        (None, ("gunicorn 27 can't be had", "--servers")),
    ],
)
def test_why_a_server_cannot_be_had_is_said_in_a_line(
    environment: Environment, server: Mapping[str, object] | None, complaints: tuple[str, ...]
) -> None:
    environment.lock("gunicorn", "gunicorn==27")
    if server is not None:
        wheel(environment.wheels, "gunicorn", "27", **server)  # type: ignore[arg-type]
    wheel(environment.wheels, "packaging", "24")
    wheel(environment.wheels, "waitress", "3")
    environment.install("packaging")

    laid = environment.lay("gunicorn", "waitress")

    assert laid["gunicorn"].folder == ""
    for complaint in complaints:
        assert complaint in laid["gunicorn"].problem
    assert "\n" not in laid["gunicorn"].problem
    assert contents(laid["waitress"]) == {"waitress.py"}


def test_a_compiled_uwsgi_of_the_project_is_used(environment: Environment) -> None:
    wheel(environment.wheels, "uWSGI", "2.0.20", files={"uWSGI-2.0.20.data/scripts/uwsgi": "#!/bin/sh\n"})
    environment.install("uwsgi")

    assert environment.lay("uwsgi") == {"uwsgi": Overlay("", "2.0.20")}
    assert program("uwsgi", environment.interpreter) == (f"{environment.folder}/bin/uwsgi",)


def test_words_of_a_command_become_the_projects_own(environment: Environment) -> None:
    interpreter = environment.interpreter

    assert program("python", interpreter) == (f"{environment.folder}/bin/python",)
    assert program("mod_wsgi-express", interpreter) == ("mod_wsgi-express",)


@pytest.mark.parametrize("name", ["gunicorn", "uwsgi"])
def test_a_program_isnt_taken_from_the_projects_folder(environment: Environment, name: str) -> None:
    module = {"gunicorn": "gunicorn/app/wsgiapp.py", "uwsgi": "pyuwsgi.py"}[name]
    own = environment.root / "overlay" / module
    own.parent.mkdir(parents=True)
    own.write_text("import sys\ndef run(): print(sys.argv, sys.prefix)\n")
    shop = environment.root / "shop"
    shop.mkdir()
    for theirs in ("gunicorn.py", "pyuwsgi.py"):
        (shop / theirs).write_text("bind = '0.0.0.0:80'\n")

    said = subprocess.run(
        [*program(name, environment.interpreter), "--option"],
        cwd=shop,
        env={**environment.variables, "PYTHONPATH": str(environment.root / "overlay")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    binary = f"'--binary-path', '{environment.folder}/bin/python', " if name == "uwsgi" else ""
    assert said == f"['{name}', {binary}'--option'] {environment.folder}\n"
