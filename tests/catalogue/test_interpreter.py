"""A project's own Python: which one it is, what it is built from, and that the project isn't touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import uv

from bench.catalogue.interpreter import Interpreter, find_interpreter
from bench.catalogue.requirements import read_file
from bench.model.errors import UsageError
from tests.wheels import only_from, tree, wheel

VERSION = ".".join(map(str, sys.version_info[:3]))


class Project:
    """A folder that is a repository's top, with wheels that it may need, and a user."""

    def __init__(self, root: Path) -> None:
        self.folder, self.wheels = root / "shop", root / "wheels"
        (self.folder / ".git").mkdir(parents=True)
        self.variables = only_from(self.wheels, root / "home")
        # What stands first on PATH is the machine's Python, and no environment.
        self.base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        (root / "bin").mkdir()
        (root / "bin/python3").symlink_to(self.base)
        self.variables["PATH"] = f"{root / 'bin'}:{os.defpath}"
        self.said: list[str] = []

    def environment(self, name: str, *distributions: str) -> Path:
        """A virtual environment in the project."""
        folder = self.folder / name
        run = [uv.find_uv_bin(), "--quiet", "--offline"]
        subprocess.run(
            [*run, "venv", "--python", str(self.base), str(folder)], check=True, env=self.variables
        )
        if distributions:
            subprocess.run(
                [*run, "pip", "install", "--python", f"{folder}/bin/python", *distributions],
                check=True,
                env=self.variables,
            )
        return folder

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def find(
        self,
        asked: str | None = None,
        requirements: str | None = None,
        variables: Mapping[str, str] | None = None,
        below: str = "",
    ) -> Interpreter:
        before = tree(self.folder)
        try:
            return find_interpreter(
                self.folder / below,
                asked=asked,
                requirements=Path(requirements) if requirements else None,
                environment={**self.variables, **(variables or {})},
                say=self.said.append,
            )
        finally:
            assert tree(self.folder) == before

    def refused(self, asked: str | None = None, requirements: str | None = None, **variables: str) -> str:
        with pytest.raises(UsageError) as refusal:
            self.find(asked, requirements, variables)
        return str(refusal.value)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_machines_python_serves_a_project_that_says_nothing(project: Project) -> None:
    interpreter = project.find()

    assert interpreter.version == VERSION
    assert Path(interpreter.python).resolve() == project.base
    assert interpreter.source == "the machine's Python"


@pytest.mark.parametrize("name", [".venv", "venv", "env", "shop-on-3.12"])
def test_the_nearest_environment_is_used(project: Project, name: str) -> None:
    wheel(project.wheels, "Some_Thing", "1.5", files={})
    folder = project.environment(name, "some-thing")

    interpreter = project.find(below="")

    assert interpreter.python == f"{folder}/bin/python"
    assert interpreter.source == f"{name}/"
    assert interpreter.distributions == {"some-thing": "1.5"}


def test_it_is_looked_for_up_to_the_top_of_the_repository(project: Project) -> None:
    folder = project.environment(".venv")
    project.write("web/shop/app.py", "")

    assert project.find(below="web/shop").python == f"{folder}/bin/python"
    (project.folder / "web/.git").mkdir()
    assert project.find(below="web/shop").source == "the machine's Python"


def test_a_folder_of_that_name_is_no_environment(project: Project) -> None:
    project.write("env/settings.ini", "")

    assert project.find().source == "the machine's Python"


def test_the_active_environment_comes_before_the_nearest(project: Project) -> None:
    project.environment(".venv")
    active = project.environment("other/active")

    interpreter = project.find(variables={"VIRTUAL_ENV": str(active)})

    assert interpreter.python == f"{active}/bin/python"
    assert interpreter.source == "the active virtual environment"


def test_the_harness_own_environment_comes_after_the_nearest(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = project.environment("tool/ours")
    monkeypatch.setattr(sys, "prefix", str(ours))
    active = {"VIRTUAL_ENV": str(ours)}

    assert project.find(variables=active).python == f"{ours}/bin/python"
    assert "wsgi-bench itself" in project.said.pop()
    nearest = project.environment(".venv")
    assert project.find(variables=active).python == f"{nearest}/bin/python"
    assert project.said == []


def test_condas_own_environment_is_nobodys_choice(project: Project) -> None:
    nearest, conda = project.environment(".venv"), project.environment("conda/shop")
    variables = {"CONDA_PREFIX": str(conda), "CONDA_DEFAULT_ENV": "shop"}

    assert project.find(variables=variables).source == "the active conda environment shop"
    assert (
        project.find(variables={**variables, "CONDA_DEFAULT_ENV": "base"}).python == f"{nearest}/bin/python"
    )


def test_uvs_name_for_the_environment_holds(project: Project) -> None:
    project.environment(".venv")
    folder = project.environment(".uv-env")
    project.write("uv.lock", "version = 1\n")

    assert project.find(variables={"UV_PROJECT_ENVIRONMENT": ".uv-env"}).python == f"{folder}/bin/python"


def test_poetry_is_asked_where_it_keeps_it(project: Project, tmp_path: Path) -> None:
    kept = project.environment("elsewhere/shop-py3")
    project.write("poetry.lock", "")
    poetry = tmp_path / "bin/poetry"
    poetry.write_text(f'#!/bin/sh\n[ "$*" = "env info --path" ] && [ -z "$VIRTUAL_ENV" ] && echo {kept}\n')
    poetry.chmod(0o755)

    interpreter = project.find()

    assert interpreter.python == f"{kept}/bin/python"
    assert interpreter.source == "the environment of poetry"


def test_a_version_is_found_where_pyenv_has_it(project: Project) -> None:
    for name in ("3.1.7", "3.11.9", "3.11.10", "3.11-dev", "3.12.0"):
        folder = project.folder.parent / f"home/.pyenv/versions/{name}/bin"
        folder.mkdir(parents=True)
        (folder / "python").write_text(f"#!/bin/sh\necho >&2 this is {name}; exit 1\n")
        (folder / "python").chmod(0o755)

    assert "this is 3.11.10" in project.refused("3.11")
    assert "this is 3.11.9" in project.refused("3.11.9")
    assert "this is 3.1.7" in project.refused("3.1")


@pytest.mark.parametrize("asked", ["env-of-mine", "env-of-mine/bin/python", "python3"])
def test_what_was_asked_for_comes_first(project: Project, asked: str) -> None:
    project.environment(".venv")
    mine = project.environment("env-of-mine")

    interpreter = project.find(asked)

    assert Path(interpreter.python).is_relative_to(mine) == ("mine" in asked)
    assert interpreter.source == f"--python {asked}"


def test_modules_of_the_project_are_not_taken_for_the_librarys(project: Project) -> None:
    for name in ("json", "platform", "importlib", "sysconfig"):
        project.write(f"{name}.py", "raise SystemExit('imported')\n")

    assert project.find().version == VERSION


def test_an_environment_whose_python_is_gone_is_refused(project: Project) -> None:
    python = project.environment(".venv") / "bin/python"
    python.unlink()
    python.symlink_to("/gone/python3.10")

    message = project.refused()

    assert ".venv has lost its Python (/gone/python3.10 isn't there)" in message
    assert "--python" in message


def test_an_active_environment_that_is_gone_is_refused(project: Project) -> None:
    assert "deactivate" in project.refused(VIRTUAL_ENV=str(project.folder / "gone"))


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("echo hello", "is no Python interpreter"),
        ("echo >&2 'cannot do that'; exit 1", "it said: cannot do that."),
        (
            'echo \'{"python": "", "version": "3.7.9", "implementation": "CPython", "tag": "",'
            ' "distributions": {}}\'',
            "is Python 3.7.9; an application needs 3.8 or newer",
        ),
    ],
)
def test_what_is_no_python_is_refused(project: Project, script: str, complaint: str) -> None:
    project.write("python", f"#!/bin/sh\n{script}\n").chmod(0o755)

    assert complaint in project.refused("./python")


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("./gone", "doesn't exist"),
        ("no-such-python", "No interpreter found"),
        ("99.1", "No interpreter found"),
        ("plain", "can't be run (Permission denied)"),
        ("~nobody-here/python", "--python ~nobody-here/python: there is no such user"),
    ],
)
def test_a_python_that_is_not_there_is_refused(project: Project, asked: str, complaint: str) -> None:
    project.write("plain", "")

    assert complaint in project.refused(asked)


POETRY = """[tool.poetry]
name = "shop"
version = "3"
[tool.poetry.dependencies]
python = "^3.11"
thing = "^1"
[build-system]
requires = ["poetry-core"]
"""
SHOP = "import shop, importlib.metadata as m; print(shop.__file__, m.entry_points(group='shop.plugins'))"
PYPROJECT = """[project]
name = "shop"
version = "3"
requires-python = ">=3.11"
dependencies = ["thing"]
"""
PIPENV = """{"_meta": {"sources": [{"name": "pypi", "url": "https://pypi.example/simple"}]},
 "default": {"thing": {"version": "==1.1"}, "shop": {"editable": true, "path": "."},
  "other": {"version": "==5", "markers": "python_version < '3'"}},
 "develop": {"other": {"version": "==5"}}}"""


@pytest.mark.parametrize(
    ("files", "source", "installed"),
    [
        ({"requirements.txt": "thing==1.1\n"}, "requirements.txt", {"thing": "1.1"}),
        ({"requirements/production.txt": "thing<1.2\n"}, "requirements/production.txt", {"thing": "1.1"}),
        ({"pyproject.toml": PYPROJECT}, "pyproject.toml", {"thing": "1.2"}),
        ({"Pipfile.lock": PIPENV}, "Pipfile.lock", {"thing": "1.1"}),
        (
            {"pyproject.toml": POETRY, "poetry.lock": '[[package]]\nname = "thing"\nversion = "1.1"\n'},
            "poetry.lock",
            {"shop": "3", "thing": "1.1"},
        ),
        ({"pyproject.toml": POETRY}, "pyproject.toml", {"shop": "3", "thing": "1.2"}),
        (
            {
                "pyproject.toml": POETRY.replace('thing = "^1"', 'mine = {path = "mine"}'),
                "mine/pyproject.toml": POETRY.replace("shop", "mine"),
            },
            "pyproject.toml",
            {"shop": "3", "mine": "3", "thing": "1.2"},
        ),
        (
            {
                "pyproject.toml": POETRY.replace("^1", "^1.0 || ^2.0"),
                "poetry.lock": '[[package]]\nname = "thing"\nversion = "1.1"\n',
            },
            "poetry.lock",
            {"shop": "3", "thing": "1.1"},
        ),
    ],
)
def test_an_environment_is_built_from_what_the_project_says(
    project: Project, files: Mapping[str, str], source: str, installed: Mapping[str, str]
) -> None:
    for version in ("1.1", "1.2"):
        wheel(project.wheels, "thing", version)
    for name, text in files.items():
        project.write(name, text)

    first = project.find()
    again = project.find()

    assert first.source == f"built from {source}"
    assert first.distributions == installed
    assert first.python.startswith(project.variables["XDG_CACHE_HOME"])
    assert again == first
    assert len(project.said) == 1


def test_a_choice_of_ranges_is_for_a_lock_file(project: Project) -> None:
    project.write("pyproject.toml", POETRY.replace("^1", "^1.0 || ^2.0"))

    assert "thing may be '^1.0 || ^2.0', which a requirements file can't say" in project.refused()


def test_requirements_of_another_toml_are_not_those_of_pyproject(project: Project) -> None:
    project.write("pyproject.toml", PYPROJECT)
    project.write("needs.toml", PYPROJECT)

    with pytest.raises(UsageError, match=r"needs\.toml has no \[project\].* or isn't called pyproject\.toml"):
        read_file(project.folder / "needs.toml")


def test_uvs_lock_is_installed_as_it_is_and_not_into_the_project(project: Project) -> None:
    wheel(project.wheels, "thing", "1.1")
    project.write("pyproject.toml", PYPROJECT + '[dependency-groups]\ndev = ["thing-of-developers"]\n')
    wheel(project.wheels, "thing_of_developers")
    subprocess.run(
        [uv.find_uv_bin(), "lock", "--quiet", "--python", str(project.base)],
        cwd=project.folder,
        env=project.variables,
        check=True,
    )
    wheel(project.wheels, "thing", "1.2")

    interpreter = project.find()

    assert interpreter.distributions == {"thing": "1.1"}
    assert interpreter.source == "built from uv.lock"


def test_a_member_of_a_workspace_gets_what_the_workspaces_lock_says_of_it(project: Project) -> None:
    for name in ("thing", "other"):
        wheel(project.wheels, name)
    members = '[tool.uv.workspace]\nmembers = ["web"]\n'
    project.write("pyproject.toml", PYPROJECT.replace("thing", "other") + members)
    project.write("web/pyproject.toml", PYPROJECT.replace("shop", "web"))
    subprocess.run(
        [uv.find_uv_bin(), "lock", "--quiet", "--python", str(project.base)],
        cwd=project.folder,
        env=project.variables,
        check=True,
    )

    assert project.find().distributions == {"other": "1"}
    member = project.find(below="web")
    assert member.source == "built from uv.lock"
    assert member.distributions == {"thing": "1"}


def test_a_local_project_is_linked_and_not_built(project: Project) -> None:
    wheel(project.wheels, "thing")
    project.write("requirements.txt", "-r more/base.txt\n--editable .[web]\n")
    project.write("more/base.txt", "# nothing\n")
    project.write("src/shop/__init__.py", "")
    project.write(
        "pyproject.toml",
        '[build-system]\nrequires = ["no-such-backend"]\n'
        + PYPROJECT
        + '[project.entry-points."shop.plugins"]\ncart = "shop:cart"\n',
    )

    interpreter = project.find()

    assert interpreter.distributions == {"shop": "3", "thing": "1"}
    said = subprocess.run(
        [interpreter.python, "-Bc", SHOP],
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.startswith(f"{project.folder}/src/shop/__init__.py")
    assert "shop:cart" in said


def test_a_local_project_that_says_its_needs_in_code_is_linked_with_a_word(project: Project) -> None:
    project.write("requirements.txt", "-e .\n")
    project.write("setup.py", "raise SystemExit('run')\n")
    project.write("shop.py", "")

    python = project.find().python

    assert project.said[0].startswith(f"What {project.folder} says of its needs in code isn't read")
    subprocess.run([python, "-Bc", "import shop"], cwd="/", check=True)


def test_requirements_that_are_named_come_before_an_environment(project: Project) -> None:
    project.environment(".venv")
    wheel(project.wheels, "thing")
    project.write("deploy/live.txt", "thing\n")

    interpreter = project.find(requirements="deploy/live.txt")

    assert interpreter.source == "built from live.txt"
    assert interpreter.distributions == {"thing": "1"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no-such-thing\n", "no-such-thing was not found"),
        ("thing>=2\n", "only thing==1 is available"),
        ("-r gone.txt\n", "gone.txt, which"),
        ("==\n", "can't be installed"),
    ],
)
def test_requirements_that_cannot_be_had_are_refused_in_a_line(
    project: Project, text: str, complaint: str
) -> None:
    wheel(project.wheels, "thing")
    project.write("requirements.txt", text)

    message = project.refused()

    assert complaint in message
    assert "\n" not in message
    assert not list(Path(project.variables["XDG_CACHE_HOME"]).rglob("pyvenv.cfg"))


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("gone.txt", None, "there is no such file"),
        ("pyproject.toml", "[tool.ruff]\n", "has no [project] with dependencies"),
        ("pyproject.toml", "[", "can't be read"),
        ("Pipfile.lock", "[]", "can't be read as pipenv's lock file"),
        (
            "pyproject.toml",
            '[project]\nname = "a"\nversion = "1"\ndynamic = ["dependencies"]\n',
            "only known to its build backend",
        ),
    ],
)
def test_a_list_that_says_nothing_is_refused(
    project: Project, name: str, text: str | None, complaint: str
) -> None:
    if text is not None:
        project.write(name, text)

    assert complaint in project.refused(requirements=name)


def test_other_requirements_make_another_environment(project: Project) -> None:
    wheel(project.wheels, "thing")
    project.write("requirements.txt", "thing\n")
    before = project.find()
    project.write("requirements.txt", "")

    after = project.find()

    assert after.distributions == {}
    assert before.python != after.python
