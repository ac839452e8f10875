"""Writing so that power loss or a full disk never damages what was saved before."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.model.errors import MachineError, ResultError

_RESULT = "result.json"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def machine_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a message that names the path and the way out.

    Raises:
        MachineError: instead of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        advice = (
            "Free some space, or choose another place with --out"
            if error.errno in _FULL
            else "Make the directory writable, or choose another place with --out"
        )
        raise MachineError(
            f"Can't write {path}: {error.strerror}. {advice}; {_saved(path.parent)}."
        ) from error


def _saved(directory: Path) -> str:
    """What is there all the same."""
    if not (directory / _RESULT).exists():
        return "nothing was saved"
    return "what was saved before is intact"


def replace(path: Path, chunks: Iterable[str]) -> None:
    """Write a file so that, whatever happens, either the old or the new one is there, whole.

    Raises:
        MachineError: disk full, no permission.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with machine_errors(path):
        # What a killed writer left, or a link that somebody put there, and that leads to another file.
        temporary.unlink(missing_ok=True)
        try:
            with temporary.open("x", encoding="utf-8") as file:
                file.writelines(chunks)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                temporary.unlink()
            raise
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and new names in a directory last through power loss."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_own_files(directory: Path) -> None:
    """See that whatever is written into a directory stays in it: a result may be a stranger's.

    Raises:
        ResultError: something in it is neither a file nor a folder, e.g. a symbolic link.
        MachineError: it can't be looked at.
    """
    with machine_errors(directory):
        for place, folders, names in os.walk(directory):
            for name in (*folders, *names):
                path = Path(place, name)
                mode = path.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    kind = "a symbolic link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                    raise ResultError(
                        f"{path} is {kind}, as a run makes none: what is written there would go somewhere "
                        f"else. Remove it, or start a new run."
                    )
