"""Modules of a project that may be imported instead of Python's own, or instead of a server."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# Its name is usual for tests, and nobody imports Python's own.
_HARMLESS = frozenset({"test"})


def shadows(root: Path, packages: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each.

    Args:
        root: the folder that is searched first.
        packages: of the servers.
    """
    of_servers = {package.lower() for package in packages}
    notes = []
    for path in sorted(root.iterdir()):
        if not (path.suffix == ".py" or _is_package(path)) or path.stem in _HARMLESS:
            continue
        whose = "the server" if path.stem in of_servers else "a module of Python's own"
        if path.stem in of_servers | sys.stdlib_module_names:
            notes.append(
                f"{path.name} has the name of {whose}, and may be imported instead of it: where something "
                f"fails with {path.stem} in its words, rename it"
            )
    return tuple(notes)


def _is_package(path: Path) -> bool:
    # Into a database's files, for one, nobody else may look.
    with suppress(OSError):
        return (path / "__init__.py").is_file()
    return False
