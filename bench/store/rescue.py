"""A result's files while a run writes: open, so that they can be read though somebody removes them.

What was saved is then written again somewhere else; see `Writer.rescue`.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.model.errors import ResultError
from bench.store import files

_PIECE = 1 << 20


class Kept:
    """Open files of a directory.

    Args:
        names: of those that are there and won't be written any more.
    """

    def __init__(self, directory: Path, names: Iterable[str]) -> None:
        self._descriptors: dict[str, int] = {}
        for name in names:
            with files.machine_errors(directory / name):
                self._descriptors[name] = os.open(directory / name, os.O_RDONLY)

    def copy_to(self, directory: Path) -> None:
        """Write them into another directory, whether they still have a name or not.

        Raises:
            OSError: it can't be written.
        """
        for name, descriptor in self._descriptors.items():
            copy(descriptor, directory / name)

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


def copy(descriptor: int, path: Path) -> None:
    """Write what an open file holds."""
    with path.open("xb") as file:
        while piece := os.pread(descriptor, _PIECE, file.tell()):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def fresh_directory(place: Path, name: str) -> Iterator[Path]:
    """A directory of its own in a place; whatever goes wrong in the block, nothing of it is left.

    Raises:
        OSError: there can be none.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"{name}-saved-", dir=place))
    try:
        directory.chmod(0o755)
        yield directory
    except BaseException:
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()
        raise


def require_plain(directory: Path) -> None:
    """See that whatever is written into a directory stays in it: a result may be a stranger's.

    Raises:
        ResultError: something in it is neither a file nor a folder, e.g. a symbolic link.
    """
    for place, folders, names in os.walk(directory):
        for name in (*folders, *names):
            path = Path(place, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
                raise ResultError(
                    f"{path} is {kind}, as a run makes none: what is written there would go somewhere else. "
                    f"Remove it, or start a new run."
                )
