"""What is built once and kept: folders in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.model.errors import MachineError


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder of wsgi-bench in the user's cache.

    A relative XDG_CACHE_HOME is none: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    asked = environment.get("XDG_CACHE_HOME", "")
    home = Path(environment.get("HOME") or Path.home())
    return (Path(asked) if asked.startswith("/") else home / ".cache") / "wsgi-bench"


def empty(environment: Mapping[str, str]) -> int:
    """Remove all that is kept; how many bytes that were.

    Raises:
        MachineError: some of it can't be removed.
    """
    folder = cache_folder(environment)
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise MachineError(
            f"{error.filename} can't be removed ({error.strerror}): see who owns it, and whether a run uses "
            f"it."
        ) from None
    return size


def bytecode(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep the bytecode of what a Python imports in the user's cache.

    Without it, a start would either write into the project and its environment, or compile everything anew.
    """
    return {"PYTHONPYCACHEPREFIX": str(cache_folder(environment) / "bytecode")}


def digest(*parts: str) -> str:
    """A short name for what is made of these texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills the first time; it is there as a whole or not at all.

    Two may make it at once: whoever is second takes the first's. `make` gets the path of a folder to make,
    which is then renamed.

    Raises:
        MachineError: the cache can't be written.
    """
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as scratch:
            made = Path(scratch, "made")
            make(made)
            try:
                made.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
    except OSError as error:
        raise MachineError(
            f"{folder} can't be made ({error.strerror}). Set XDG_CACHE_HOME to a folder that can be written."
        ) from None
    return folder
