"""Where applications are, as the Python that will serve them finds them; none of them is imported.

It runs by itself, in the servers' environment and folder:
`python -m bench.catalogue.locate MODULE:CALLABLE ...` prints a JSON object with a `Located` for each.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from bench.catalogue.moduletext import read_module

_DIGITS = 16


@dataclass(frozen=True)
class Located:
    """One application.

    Attributes:
        path: of its module's file; empty if there is none.
        source: hash of that file, and of every other module of the package that it is in.
        missing: the module that isn't there, e.g. "shop" or "shop.wsgi".
        problem: why the module can't serve, though it is there; empty if nothing is known.
    """

    path: str = ""
    source: str = ""
    missing: str = ""
    problem: str = ""


def locate(target: str) -> Located:
    """Find the module of `module:callable`."""
    module, _, name = target.partition(":")
    parts = module.split(".")
    specs: list[ModuleSpec] = []
    for number, part in enumerate(parts, 1):
        spec = _find(part, specs)
        if spec is None:
            return Located(missing=".".join(parts[:number]))
        specs.append(spec)
    path = Path(specs[-1].origin) if specs[-1].has_location and specs[-1].origin else None
    if path is not None and not path.is_file():
        # In an archive: it can be served, and isn't looked into.
        return Located(str(path))
    if path is None:
        # A folder without `__init__.py`, or a module without a file: neither has an application.
        return Located(missing=module)
    files = sorted({path, *_package_files(specs)})
    return Located(str(path), digest(path.parent, files), problem=_problem(path, name))


def digest(top: Path, files: Iterable[Path]) -> str:
    """A hash of files and of their places below a folder."""
    sha256 = hashlib.sha256()
    for file in files:
        place, content = os.path.relpath(file, top), _content(file)
        sha256.update(f"{place}\0{len(content)}\0".encode() + content)
    return sha256.hexdigest()[:_DIGITS]


def project_digest(root: Path) -> str:
    """A hash of all modules of a project; environments in it and hidden folders aren't of it."""
    return digest(root, sorted(_modules(root)))


def _find(part: str, above: Sequence[ModuleSpec]) -> ModuleSpec | None:
    """Whatever finds a module of that name; a parent isn't imported, which would run it."""
    try:
        if not above:
            return find_spec(part)
        folders = above[-1].submodule_search_locations
        # By its last name: of a full one Python wants the parent imported.
        return None if folders is None else PathFinder.find_spec(part, list(folders))
    except (ImportError, ValueError):
        return None


def _package_files(specs: Sequence[ModuleSpec]) -> set[Path]:
    """The modules of the outermost package with an `__init__.py`; else of the module's own folder in one."""
    if len(specs) == 1 and specs[0].submodule_search_locations is None:
        return set()
    whole = next((Path(spec.origin).parent for spec in specs if _is_package(spec) and spec.origin), None)
    folder = whole or Path(str(specs[-1].origin)).parent
    return _modules(folder)


def _modules(folder: Path) -> set[Path]:
    files = set()
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if not _foreign(Path(place, name))]
        files |= {Path(place, name) for name in names if name.endswith(".py")}
    return files


def _is_package(spec: ModuleSpec) -> bool:
    return spec.submodule_search_locations is not None and spec.has_location


def _foreign(folder: Path) -> bool:
    """Whether a folder in a package isn't part of it: hidden, an environment, or what npm puts there."""
    return (
        folder.name.startswith(".")
        or folder.name in ("__pycache__", "node_modules", "site-packages")
        or (folder / "pyvenv.cfg").exists()
    )


def _content(file: Path) -> bytes:
    """Nothing of a file that can't be read: no server can read it either."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _problem(path: Path, name: str) -> str:
    """Why a module's text has no such callable; only what is certain is said."""
    if path.suffix != ".py":
        return ""
    text = read_module(path)
    if text.problem or text.dynamic or name in text.names:
        return text.problem
    return f"nothing in it is called {name}"


if __name__ == "__main__":
    print(json.dumps({target: asdict(locate(target)) for target in sys.argv[1:]}))
