"""The modules of a project whose text shows an application, the likeliest first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.catalogue.moduletext import APPLICATION_NAMES, ModuleText, read_module
from bench.catalogue.named import module_of, wants

# The likeliest file names; a package itself comes after them, all other modules last.
_STEMS = ("wsgi", "app", "application", "__init__", "main", "server", "web", "run")
_USUAL = ("wsgi", "app", "application")
_FOREIGN = frozenset(
    ("node_modules", "site-packages", "tests", "test", "testing", "docs", "examples", "migrations", "build")
)
_NO_MODULES = ("conftest", "setup", "manage", "asgi", "noxfile", "fabfile", "settings")
_DEEPEST = 3
_FILES_AT_MOST = 2_000
_BYTES_AT_MOST = 1 << 20


@dataclass(frozen=True)
class Candidate:
    """An application that may be meant: its callable, where it is imported from, what told of it."""

    callable: str
    root: Path
    origin: str


def candidates(folder: Path, top: Path) -> Iterator[Candidate]:
    """Modules with an application, then those with a factory that needs no argument.

    Args:
        top: the folder from which origins are told.
    """
    read = sorted(_texts(folder), key=lambda pair: _likeliness(pair[0], folder))
    for file, text in read:
        if name := _application(file, text):
            yield _candidate(file, name, top)
    for file, text in read:
        for factory in text.factories:
            if not factory.required:
                yield _candidate(file, f"{factory.name}()", top)


def wanting(folder: Path) -> Iterator[str]:
    """A sentence for each factory that can't be called without arguments, and for files that are called as
    those of applications are and have none.
    """
    for file, text in _texts(folder):
        for factory in text.factories:
            if factory.required:
                module = module_of(file)[1]
                yield f"{module}:{wants(module, factory.name, factory.required)}"
    for file in (folder / f"{stem}.py" for stem in _USUAL):
        if file.is_file() and (text := read_module(file)) and not text.factories:
            nothing = f"nothing in it is called {' or '.join(APPLICATION_NAMES)}"
            yield f"{file.name}: {text.problem or nothing}."


def _application(file: Path, text: ModuleText) -> str:
    """The name of its application; empty if it has none."""
    # Servers are told of what the usual modules pass on, with all that these do before.
    passed_on = text.passed_on if file.stem in _STEMS else ()
    usual = (name for name in APPLICATION_NAMES if name in (*text.applications, *passed_on))
    return next(usual, next(iter(text.applications), ""))


def _candidate(file: Path, expression: str, top: Path) -> Candidate:
    root, module = module_of(file)
    return Candidate(f"{module}:{expression}", root, os.path.relpath(file, top))


def _likeliness(file: Path, folder: Path) -> tuple[int, int, str]:
    place = _STEMS.index(file.stem) if file.stem in _STEMS else len(_STEMS)
    return place, len(file.relative_to(folder).parts), str(file)


def _texts(folder: Path) -> Iterator[tuple[Path, ModuleText]]:
    number = 0
    for place, below, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        below[:] = sorted(name for name in below if depth < _DEEPEST and not _is_foreign(Path(place, name)))
        for name in sorted(names):
            file = Path(place, name)
            if file.suffix != ".py" or not file.stem.isidentifier():
                continue
            if file.stem in _NO_MODULES or file.stem.startswith("test_"):
                continue
            number += 1
            if number > _FILES_AT_MOST:
                return
            # Parsing takes long; most modules of a large project don't even have the letters.
            if _may_have_one(file):
                yield file, read_module(file)


def _may_have_one(file: Path) -> bool:
    try:
        content = file.read_bytes() if file.stat().st_size <= _BYTES_AT_MOST else b""
    except OSError:
        return False
    return any(word in content for word in (b"app", b"Flask", b"Bottle"))


def _is_foreign(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _FOREIGN:
        return True
    try:
        return (folder / "pyvenv.cfg").exists()
    except OSError:
        # Nobody imports from what can't be looked into, as a database's files.
        return True
