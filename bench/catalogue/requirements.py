"""What a project says that its application needs, in whichever of the usual files it says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.catalogue import locked, requirementsfile
from bench.catalogue.environments import upward
from bench.catalogue.localproject import beside, dependencies, is_package, read_toml
from bench.model.errors import UsageError

# Names of files for production, in the folders where several of them are kept.
_PRODUCTION = ("production.txt", "prod.txt", "base.txt", "main.txt", "requirements.txt")


@dataclass(frozen=True)
class Needs:
    """What an environment for an application has in it.

    Attributes:
        source: the file that says so, in words.
        root: the folder in which it is read.
        lines: of a requirements file.
        constraints: lines that say which versions fit.
        linked: local projects, which are used where they are.
        notes: what the user should know of them.
        lock: uv's lock file, if uv has to install what it says for the project in `root`, instead.
    """

    source: str
    root: Path
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    linked: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    lock: Path | None = None


def find(folder: Path) -> Needs | None:
    """What the project in or above a folder needs; None if it doesn't say.

    Raises:
        UsageError: it says so in a file that can't be read.
    """
    for place in upward(folder):
        for name, how in _FILES.items():
            if (place / name).is_file():
                return how(place / name)
        for kept in (place / "requirements" / name for name in _PRODUCTION):
            if kept.is_file():
                return read_file(kept)
        if (place / "pyproject.toml").is_file():
            for lock in (above / "uv.lock" for above in upward(place)):
                # A member of a workspace, whose lock is the whole workspace's.
                if lock.is_file() and place.resolve() in locked.local_to_uv(lock, virtual=True):
                    return _uv_lock(lock, place)
            if needs := _pyproject(place / "pyproject.toml"):
                return needs
    return None


def read_file(path: Path) -> Needs:
    """What `--requirements` names: any of the files that `find` knows, by its name, or a requirements file.

    Raises:
        UsageError: it can't be read.
    """
    if not path.is_file():
        raise UsageError(f"--requirements {path}: there is no such file.")
    if how := _FILES.get(path.name):
        return how(path)
    if path.suffix == ".toml":
        needs = _pyproject(path) if path.name == "pyproject.toml" else None
        if needs is None:
            raise UsageError(
                f"{path} has no [project] with dependencies, nor poetry's, or isn't called pyproject.toml. "
                "Name a requirements file instead."
            )
        return needs
    return _requirements(path)


def _requirements(path: Path) -> Needs:
    contents = requirementsfile.read(path)
    source = f"{path.parent.name}/{path.name}" if path.parent.name == "requirements" else path.name
    lines, notes = list(contents.lines), []
    for project in contents.linked:
        try:
            lines += dependencies(project)
        except UsageError:
            # Most such files list it all themselves.
            notes.append(f"What {project} says of its needs in code isn't read; {source} has to say it.")
    return Needs(source, path.parent, tuple(lines), linked=contents.linked, notes=tuple(notes))


def _uv_lock(path: Path, project: Path | None = None) -> Needs:
    return Needs("uv.lock", project or path.parent, linked=locked.local_to_uv(path), lock=path)


def _poetry_lock(path: Path) -> Needs:
    wanted, constraints = locked.of_poetry(path)
    others = beside(path.parent)
    wanted += tuple(line for other in others for line in dependencies(other, locked=True))
    return Needs("poetry.lock", path.parent, wanted, constraints, (*_itself(path.parent), *others))


def _pipfile_lock(path: Path) -> Needs:
    lines, linked = locked.of_pipenv(path)
    return Needs("Pipfile.lock", path.parent, lines, linked=linked)


def _pyproject(path: Path) -> Needs | None:
    """None where it configures tools alone."""
    if not {"project", "poetry"} & {*read_toml(path), *read_toml(path).get("tool", {})}:
        return None
    others = beside(path.parent)
    lines = [line for project in (path.parent, *others) for line in dependencies(project)]
    return Needs("pyproject.toml", path.parent, tuple(lines), linked=(*_itself(path.parent), *others))


def _itself(folder: Path) -> tuple[Path, ...]:
    return (folder,) if is_package(folder) else ()


_FILES: dict[str, Callable[[Path], Needs]] = {
    "uv.lock": _uv_lock,
    "poetry.lock": _poetry_lock,
    "Pipfile.lock": _pipfile_lock,
    "requirements.txt": _requirements,
}
