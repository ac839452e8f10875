"""Where the application of a project is: as its user names it, or found by itself. Nothing is imported."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.catalogue import djangoproject
from bench.catalogue.envfile import read_env_file
from bench.catalogue.modules import Candidate, candidates, wanting
from bench.catalogue.moduletext import read_module
from bench.catalogue.named import complete, file_of, module_of, place
from bench.catalogue.procfile import read_line, web_line
from bench.model.errors import UsageError

_ENV_FILES = (".flaskenv", ".env")


@dataclass(frozen=True)
class Found:
    """An application and why it is the one.

    Attributes:
        callable: `module:expression`; the module alone where its text doesn't say which, so that its import
            has to.
        root: absolute; the working directory of the served application, from which its module is imported.
        origin: what told of it: "manage.py", "Procfile", "FLASK_APP", ...
        others: what else could have been meant, with what told of it: "shop.web:app (app.py)".
    """

    callable: str
    root: Path
    origin: str
    others: tuple[str, ...] = ()


def discover(folder: Path, named: str | None, environment: Mapping[str, str]) -> Found:
    """The application that was named, or the best of those that the folder's files tell of.

    Args:
        folder: where the project is (`--chdir`).
        named: as `place` reads it, or a folder such as "." or its manage.py; None to look for it.
        environment: for FLASK_APP and DJANGO_SETTINGS_MODULE.

    Raises:
        UsageError: there is no such application, or none at all; says what to write.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Name the one that the project is in.")
    if named is None:
        return _detected(folder, environment)
    if (folder / named).name == "manage.py" and (folder / named).is_file():
        return _detected(_plain((folder / named).parent), environment)
    if (folder / named).is_dir() and not (folder / named / "__init__.py").is_file():
        return _detected(_plain(folder / named), environment)
    if (folder / named).is_dir() and (inner := _inner(folder, named)):
        return inner
    found = place(named, _folders(folder))
    return Found(found.callable, found.root, "named")


def _inner(folder: Path, named: str) -> Found | None:
    """The application of a package that was named and holds none itself, but a module in it does."""
    package = _plain(folder / named)
    root, module = module_of(package / "__init__.py")
    try:
        return Found(complete(module, read_module(package / "__init__.py")), root, "named")
    except UsageError:
        inside = list(candidates(package, folder))
        return _best(inside) if inside else None


def _folders(folder: Path) -> list[Path]:
    """Where modules of a project may be imported from."""
    beside = [manage.parent for manage in sorted(folder.glob("*/manage.py"))]
    return [folder, *(place for place in (folder / "src", *beside) if place.is_dir())]


def _detected(folder: Path, environment: Mapping[str, str]) -> Found:
    told = [candidate for candidate in _told(folder, environment) if candidate is not None]
    every = [*told, *candidates(folder, folder)]
    if every:
        return _best(every)
    hints = "".join(f" {hint}" for hint in wanting(folder))
    raise UsageError(
        f"No application was found in {folder}: no manage.py, wsgi.py, app.py, FLASK_APP, web line of a "
        f"Procfile or app of [tool.wsgi-bench] tells of one. Name it, as in shop.web:app.{hints}"
    )


def _best(every: list[Candidate]) -> Found:
    best = every[0]
    others = dict.fromkeys(
        f"{other.callable} ({other.origin})"
        for other in every[1:]
        if (other.root, other.callable) != (best.root, best.callable)
    )
    return Found(best.callable, best.root, best.origin, tuple(others))


def _told(folder: Path, environment: Mapping[str, str]) -> Iterator[Candidate | None]:
    """What files and variables name outright, the most telling first."""
    yield _named_in(folder, _configured(folder), "[tool.wsgi-bench]")
    line = read_line(web_line(folder / "Procfile"))
    yield _named_in(_plain(folder / line.chdir), line.application, "Procfile")
    yield _of_flask(folder, environment.get("FLASK_APP", ""), "FLASK_APP")
    for root in _folders(folder):
        if (root / "manage.py").is_file():
            origin = os.path.relpath(root / "manage.py", folder)
            yield _named_in(root, djangoproject.application(root, environment), origin)
    for name in _ENV_FILES:
        with suppress(UsageError):
            yield _of_flask(folder, read_env_file(folder / name).get("FLASK_APP", ""), f"FLASK_APP of {name}")


def _configured(folder: Path) -> str:
    for name, keys in (("bench.toml", ()), ("pyproject.toml", ("tool", "wsgi-bench"))):
        try:
            table = tomllib.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        for key in keys:
            table = table.get(key, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict) and isinstance(table.get("app"), str):
            return str(table["app"])
    return ""


def _named_in(folder: Path, named: str, origin: str) -> Candidate | None:
    """What a file names, where it is there."""
    if not named or not folder.is_dir():
        return None
    try:
        found = place(named, _folders(folder))
    except UsageError:
        return None
    return Candidate(found.callable, found.root, origin)


def _of_flask(folder: Path, named: str, origin: str) -> Candidate | None:
    """FLASK_APP names a module, a file without its ending, too, and a factory without its parentheses."""
    module, colon, name = named.partition(":")
    if (folder / f"{module}.py").is_file() and "/" in module:
        module += ".py"
    candidate = _named_in(folder, f"{module}{colon}{name}", origin)
    if candidate is None or not name or "(" in name:
        return candidate
    module, _, name = candidate.callable.partition(":")
    file = file_of(candidate.root, module)
    factories = read_module(file).factories if file else ()
    is_factory = any(factory.name == name for factory in factories)
    return replace(candidate, callable=f"{candidate.callable}()") if is_factory else candidate


def _plain(path: Path) -> Path:
    """A path without `.` and `..`; links stay what they are, since modules are found through them."""
    return Path(os.path.normpath(path))
