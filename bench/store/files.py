"""Writing so that power loss or a full disk never damages what was saved before."""

from __future__ import annotations

import errno
import os
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
    """That a run's directory holds files and folders alone: to add to a link is to write another file.

    Raises:
        ResultError: with what else is there.
        MachineError: it can't be looked at.
    """
    with machine_errors(directory / "logs"):
        for path in (*directory.iterdir(), *(directory / "logs").glob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ResultError(
                    f"{path}: a link, a pipe or a device, which no run makes. Remove it, and try again."
                )
