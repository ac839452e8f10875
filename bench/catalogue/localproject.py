"""A project in a folder: what its pyproject.toml says, read without running its build backend.

A backend would write into the folder (`build/`, `*.egg-info`), and the application is to run from its
sources as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.model.errors import UsageError

_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?.*")


def read_toml(path: Path) -> dict[str, Any]:
    """
    Raises:
        UsageError: it can't be read, or what has to be a table in it is none.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} can't be read: {error}. Correct it.") from None
    for name in ("project", "tool"):
        if not isinstance(document.get(name, {}), dict):
            raise UsageError(f"{path}: {name} has to be a table, [{name}]. Correct it.")
    return document


def is_package(folder: Path) -> bool:
    """Whether it would be installed, and isn't a mere folder with an application in it."""
    pyproject = folder / "pyproject.toml"
    if not pyproject.is_file():
        return any((folder / name).is_file() for name in ("setup.py", "setup.cfg"))
    document = read_toml(pyproject)
    return "build-system" in document or "poetry" in document.get("tool", {})


def dependencies(folder: Path, *, locked: bool = False) -> tuple[str, ...]:
    """What it needs, as lines of a requirements file; without projects in other folders (`beside`).

    Args:
        locked: whether a lock file says which versions fit.

    Raises:
        UsageError: it can't be said without running its build backend, or in a requirements file.
    """
    path = folder / "pyproject.toml"
    document = read_toml(path) if path.is_file() else {}
    project = document.get("project", {})
    poetry = document.get("tool", {}).get("poetry", {})
    if "dependencies" in project:
        return tuple(map(str, project["dependencies"]))
    if poetry.get("dependencies"):
        return tuple(_of_poetry(poetry["dependencies"], folder, locked))
    if "dependencies" in project.get("dynamic", ()) or (not project and is_package(folder)):
        raise UsageError(
            f"What {folder} needs is only known to its build backend. Make a virtual environment for it, or "
            "write a requirements file: --requirements FILE"
        )
    return ()


def beside(folder: Path) -> tuple[Path, ...]:
    """The folders of other projects that poetry's file needs, by their paths."""
    path = folder / "pyproject.toml"
    document = read_toml(path) if path.is_file() else {}
    wanted = document.get("tool", {}).get("poetry", {}).get("dependencies", {})
    entries = [entry for entry in wanted.values() if isinstance(entry, Mapping) and "path" in entry]
    paths = [folder / str(entry["path"]) for entry in entries if not entry.get("optional")]
    return tuple(path.resolve() for path in paths if path.is_dir())


def _of_poetry(wanted: Mapping[str, Any], folder: Path, locked: bool) -> Iterator[str]:
    for name, said in wanted.items():
        # Of several, each for other Pythons, the lock file decides.
        entry = said if isinstance(said, Mapping) else {"version": said if isinstance(said, str) else "*"}
        if name == "python" or entry.get("optional"):
            continue
        file = folder / str(entry["path"]) if "path" in entry else None
        if file is not None and file.is_dir():
            continue
        extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
        if file is not None:
            where = f" @ {file.resolve().as_uri()}"
        elif "url" in entry:
            where = f" @ {entry['url']}"
        elif "git" in entry:
            revision = entry.get("rev") or entry.get("tag") or entry.get("branch")
            where = f" @ git+{entry['git']}" + (f"@{revision}" if revision else "")
        elif "|" in str(entry.get("version", "*")):
            if not locked:
                raise UsageError(
                    f"{folder / 'pyproject.toml'}: {name} may be '{entry['version']}', which a requirements "
                    "file can't say. Lock the versions (poetry lock), or name a requirements file: "
                    "--requirements FILE"
                )
            where = ""
        else:
            where = _range(str(entry.get("version", "*")))
        markers = f" ; {entry['markers']}" if entry.get("markers") else ""
        yield f"{name}{extras}{where}{markers}"


def _range(asked: str) -> str:
    """A range as poetry writes it, as PEP 440 does: https://python-poetry.org/docs/dependency-specification/"""
    return ",".join(filter(None, (_bounds(part.strip()) for part in asked.split(","))))


def _bounds(part: str) -> str:
    match = _NUMBERS.fullmatch(part.lstrip("^~= "))
    if part in ("", "*") or match is None:
        return "" if part in ("", "*") else part
    numbers = [int(number) for number in match.groups() if number is not None]
    version = part.lstrip("^~= ")
    if part.startswith("^"):
        # Up to the next change of the first number that isn't 0.
        place = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    elif part.startswith("~") and not part.startswith("~="):
        place = min(1, len(numbers) - 1)
    else:
        return part if part[0] in "<>=!~" else f"=={part}"
    upper = [*numbers[:place], numbers[place] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"
