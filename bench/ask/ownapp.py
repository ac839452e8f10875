"""A user's own application, as far as it is known before its Python has been asked."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.catalogue.discovery import Found, discover
from bench.catalogue.envfile import read_env_file
from bench.model import App
from bench.model.errors import UsageError
from bench.model.project import Project

_NAME = re.compile(r"[^\W\d]\w*", re.ASCII)
# What a module is called in every project: the folder's name says more.
_SAY_NOTHING = frozenset({"app", "application", "main", "wsgi", "web", "src", "project", "config"})
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class OwnApp:
    """An application in a project of its user's.

    Attributes:
        folder: that the command was given in, or `--chdir`.
        python, requirements: as they were asked for.
        shell: the environment that it gets: the shell's, and what was given it.
        variables: names of what was given.
    """

    found: Found
    folder: Path
    python: str | None
    requirements: Path | None
    shell: Mapping[str, str]
    variables: tuple[str, ...]

    @property
    def name(self) -> str:
        """What reports call it."""
        module = self.found.callable.partition(":")[0].partition(".")[0]
        folder = _UNSAFE.sub("-", self.found.root.name).strip("-")
        return folder if module in _SAY_NOTHING and folder else module

    def as_app(self, project: Project | None = None) -> App:
        """It as it is deployed; `project` is known once its Python is."""
        return App(
            name=self.name,
            callable=project.callable if project else self.found.callable,
            scenarios=("get", "redirect"),
            redis=False,
            seed=(),
            project=project or Project(str(self.found.root), variables=self.variables),
        )


def is_own(named: str | None, apps: Container[str]) -> bool:
    """Whether an application was named that is none of the harness's own."""
    return named is not None and named not in apps


def own_app(asked: Mapping[str, Any], here: Path, environment: Mapping[str, str]) -> OwnApp:
    """Find it.

    Args:
        asked: the settings, by name.
        here: the working directory.

    Raises:
        UsageError: there is none, or what was given it can't be read.
    """
    folder = here / Path(asked["chdir"]).expanduser() if asked["chdir"] else here
    if not folder.is_dir():
        raise UsageError(f"--chdir {asked['chdir']}: there is no such folder.")
    given = read_env_file(here / asked["env_file"]) if asked["env_file"] else {}
    given |= dict(_variable(text, environment) for text in asked["env"])
    shell = {**environment, **given}
    requirements = None
    if asked["requirements"]:
        requirements = here / asked["requirements"]
        if not requirements.is_file():
            raise UsageError(f"--requirements {asked['requirements']}: there is no such file.")
    return OwnApp(
        found=discover(folder, asked["app"], shell),
        folder=folder,
        python=asked["python"],
        requirements=requirements,
        shell=shell,
        variables=tuple(sorted(given)),
    )


def _variable(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        # The value is left out: it may be a secret.
        written = (name.split() or ["nothing"])[0]
        raise UsageError(f"--env {written}: write NAME=VALUE, or NAME.")
    if not equals and name not in environment:
        raise UsageError(f"--env {name}: your shell has no such variable. Write --env {name}=VALUE.")
    return name, value if equals else environment[name]
