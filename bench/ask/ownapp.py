"""A user's own application, as far as it is known before its Python has been asked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.ask.settings import flag
from bench.catalogue.discovery import Found, discover
from bench.catalogue.envfile import read_env_file
from bench.catalogue.home import at_home, is_checkout
from bench.model import App
from bench.model.errors import UsageError
from bench.model.project import Project

_NAME = re.compile(r"[^\W\d]\w*", re.ASCII)
CONTAINERS_HOST = "127.0.0.1:8000"
"""What requests name as the host where nothing else is said: that a container's address is allowed, nobody
expects.
"""
# What a module is called in every project, or makes an application of a file: the folder's name says more.
_SAY_NOTHING = frozenset(
    {"app", "application", "main", "wsgi", "web", "src", "project", "config", "pyramid", "paste"}
)
_CALLABLE = re.compile(r"[A-Za-z_][\w.]*:.+")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class OwnApp:
    """An application in a project of its user's.

    Attributes:
        folder: that the command was given in, or `--chdir`.
        python, requirements: as they were asked for.
        shell: the environment that it gets: the shell's, and what was given it.
        variables: names of what was given.
        setup, reset: command lines: once, and before each round; empty for none.
        copies: files of the project that are put back before each round.
        services: the compose file of what it needs; None without.
        contained: whether it is served in containers: of `image`, of the one that `dockerfile` builds, or of
            ours with its requirements.
        memory_bytes: that each may use; None for the usual.
    """

    found: Found
    folder: Path
    python: str | None
    requirements: Path | None
    shell: Mapping[str, str]
    variables: tuple[str, ...]
    setup: str
    reset: str
    copies: tuple[str, ...]
    services: Path | None
    contained: bool = False
    image: str = ""
    dockerfile: Path | None = None
    memory_bytes: int | None = None

    @property
    def restores(self) -> bool:
        """Whether what it writes is put back."""
        return bool(self.reset or self.copies)

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


def own_app(asked: Mapping[str, Any], here: Path, environment: Mapping[str, str]) -> OwnApp:
    """Find it.

    Args:
        asked: the settings, by name.
        here: the working directory.

    Raises:
        UsageError: there is none, or what was given it can't be read.
    """
    folder = here / at_home(asked["chdir"], "--chdir") if asked["chdir"] else here
    if not folder.is_dir():
        raise UsageError(f"--chdir {asked['chdir']}: there is no such folder.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(f"{folder} can't be read by this user: nothing can be found in it.")
    if is_checkout(folder) and not asked["app"]:
        raise UsageError(
            "This folder is wsgi-bench's own, with applications of its own: `wsgi-bench run` measures them. "
            "Go to your project, or name its folder with --chdir."
        )
    given = read_env_file(here / asked["env_file"]) if asked["env_file"] else {}
    given |= dict(_variable(text, environment) for text in asked["env"])
    given |= dict(_passed(name, environment) for name in asked["pass_env"])
    shell = {**environment, **given}
    _require_fitting(asked)
    return OwnApp(
        found=_found(folder, asked, shell),
        folder=folder,
        python=asked["python"],
        requirements=_file(asked, "requirements", here),
        shell=shell,
        variables=tuple(sorted(given)),
        setup=asked["setup"] or "",
        reset=asked["reset"] or "",
        copies=asked["copy"],
        services=_file(asked, "services", here),
        contained=in_containers(asked),
        image=asked["image"] or "",
        dockerfile=_file(asked, "dockerfile", here),
    )


def in_containers(asked: Mapping[str, Any]) -> bool:
    """Whether an application of the user's own is served in containers."""
    return bool(asked["image"] or asked["dockerfile"]) or asked["runtime"] == "compose"


def _require_fitting(asked: Mapping[str, Any]) -> None:
    images = [flag(name) for name in ("image", "dockerfile") if asked[name]]
    if len(images) > 1:
        raise UsageError("--image and --dockerfile exclude each other: the file builds the image.")
    if images and asked["runtime"] == "local":
        raise UsageError(f"{images[0]} is for containers: leave --runtime local out.")
    if images and asked["requirements"]:
        raise UsageError(f"--requirements: {images[0][2:]} has what it needs. Leave one of them out.")
    if in_containers(asked) and asked["copy"]:
        raise UsageError("--copy: containers are made anew before each round. Leave it out.")


def _found(folder: Path, asked: Mapping[str, Any], shell: Mapping[str, str]) -> Found:
    """The application; an image may have one that the folder hasn't."""
    try:
        return discover(folder, asked["app"], shell)
    except UsageError as error:
        if not (asked["image"] or asked["dockerfile"]):
            raise
        if _CALLABLE.fullmatch(asked["app"] or ""):
            return Found(asked["app"], folder, "named")
        raise UsageError(*error.problems, "Of an image, it may be named as module:callable.") from None


def _file(asked: Mapping[str, Any], name: str, here: Path) -> Path | None:
    if not asked[name]:
        return None
    file: Path = here / asked[name]
    if not file.is_file():
        raise UsageError(f"{flag(name)} {asked[name]}: there is no such file.")
    return file.absolute()


def _variable(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not _NAME.fullmatch(name):
        # The value is left out: it may be a secret.
        written = (name.split() or ["nothing"])[0]
        raise UsageError(f"--env {written}: write NAME=VALUE, or NAME.")
    if not equals and name not in environment:
        raise UsageError(f"--env {name}: your shell has no such variable. Write --env {name}=VALUE.")
    return name, value if equals else environment[name]


def _passed(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    if not _NAME.fullmatch(name):
        written = (name.partition("=")[0].split() or ["nothing"])[0]
        raise UsageError(
            f"--pass-env {written}: write the name of a variable alone; --env takes a value, too."
        )
    if name not in environment:
        raise UsageError(
            f"--pass-env {name}: your shell has no such variable. Set it, or write --env {name}=VALUE."
        )
    return name, environment[name]
