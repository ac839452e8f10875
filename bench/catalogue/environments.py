"""Which virtual environment is a project's: the active one, or the nearest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.machine import process
from bench.model.errors import UsageError

# As people and tools call them, the most usual first.
_NAMES = (".venv", "venv", "env")
_REPOSITORY = (".git", ".hg", ".svn", ".jj")
_ASKS_S = 20.0


@dataclass(frozen=True)
class Environment:
    """A virtual or conda environment.

    Attributes:
        source: how it was come by, in words.
    """

    folder: Path
    source: str

    @property
    def python(self) -> Path:
        """Its interpreter.

        Raises:
            UsageError: it is gone.
        """
        python = self.folder / "bin" / "python"
        if python.exists():
            return python
        raise UsageError(
            f"{self.source}: {self.folder} has lost its Python ({python.resolve()} isn't there). "
            "Make the environment anew, or name a Python with --python."
        )


def upward(folder: Path) -> Iterator[Path]:
    """A folder and those above it, up to the top of its repository; without one, itself alone."""
    folders = [folder, *folder.parents]
    tops = [number for number, above in enumerate(folders) if any((above / n).exists() for n in _REPOSITORY)]
    yield from folders[: tops[0] + 1] if tops else folders[:1]


def active(environment: Mapping[str, str]) -> Environment | None:
    """The environment that is active in the shell.

    Raises:
        UsageError: it is said to be where there is none.
    """
    if folder := environment.get("VIRTUAL_ENV"):
        if not _is_environment(Path(folder)):
            raise UsageError(
                f"VIRTUAL_ENV is {folder}, where there is no virtual environment. "
                "Unset it (deactivate), or name a Python with --python."
            )
        return Environment(Path(folder), "the active virtual environment")
    # conda's own environment is active in every shell of its users.
    name = environment.get("CONDA_DEFAULT_ENV", "")
    if (folder := environment.get("CONDA_PREFIX")) and name not in ("base", "root"):
        return Environment(Path(folder), f"the active conda environment {name}".rstrip())
    return None


def nearest(folder: Path, environment: Mapping[str, str]) -> Environment | None:
    """The environment that belongs to a folder: in it or above it, or where its package manager keeps it."""
    for place in upward(folder):
        if environments := list(_inside(place, environment)):
            return Environment(environments[0], f"{os.path.relpath(environments[0], folder)}/")
        for lock, command in (
            ("poetry.lock", ("poetry", "env", "info", "--path")),
            ("Pipfile", ("pipenv", "--venv")),
        ):
            if (place / lock).is_file() and (kept := _ask(command, place, environment)):
                return Environment(kept, f"the environment of {command[0]}")
    return None


def _inside(place: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    projects = environment.get("UV_PROJECT_ENVIRONMENT")
    if projects and (place / "uv.lock").is_file():
        yield from filter(_is_environment, [place / projects])
    yield from filter(_is_environment, (place / name for name in _NAMES))
    others = sorted(path.parent for path in place.glob("*/pyvenv.cfg"))
    # By any other name, as long as it is clear which one is meant.
    if len(others) == 1:
        yield others[0]


def _is_environment(folder: Path) -> bool:
    gone = folder.is_symlink() and not folder.exists()
    return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir() or gone


def _ask(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> Path | None:
    """Where a package manager keeps the environment of a folder; None if it isn't there or has none."""
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        return None
    # The active environment would be the answer: here it is that of the harness, or none.
    variables = {name: value for name, value in environment.items() if name != "VIRTUAL_ENV"}
    try:
        said = process.run(
            [program, *command[1:]], environment=variables, cwd=folder, timeout_s=_ASKS_S
        ).splitlines()
    except (process.CommandFailed, OSError):
        return None
    kept = Path(said[-1]) if said else None
    return kept if kept is not None and _is_environment(kept) else None
