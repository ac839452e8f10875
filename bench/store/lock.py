"""The lock of a result: it has one writer, since a second one would take the journal from under the first."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.model.errors import ResultError
from bench.store.files import machine_errors

NAME = ".lock"
# Of opening a link, a directory, or a device that isn't there.
_NO_FILE = {errno.ELOOP, errno.EISDIR, errno.ENXIO}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else is at what all runs of a folder write, and keep others waiting."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Not every file system has locks; there two may meet.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Lock:
    """Holds a directory until `close`; the kernel lets go of it when the process ends, however that ends.

    The file that carries it holds the process's number, and is gone after `close`.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            ResultError: another process holds it, or something else stands there.
            MachineError: the directory can't be written.
        """
        self._path = directory / NAME
        with machine_errors(self._path):
            self._descriptor = self._taken(directory)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor >= 0:
            # Before it is let go, or it could be the next one's.
            with suppress(OSError):
                self._path.unlink()
            os.close(self._descriptor)
            self._descriptor = -1

    def _taken(self, directory: Path) -> int:
        while True:
            descriptor = self._opened()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_named(descriptor):
                    return descriptor
            except BlockingIOError:
                holder = os.pread(descriptor, 20, 0).decode(errors="replace") or "?"
                os.close(descriptor)
                raise ResultError(
                    f"{directory} is being written by process {holder}. Wait until that run has ended, or "
                    f"end it (`kill {holder}`), and try again."
                ) from None
            except BaseException:
                os.close(descriptor)
                raise
            # The one who held it has just removed it.
            os.close(descriptor)

    def _opened(self) -> int:
        """The file itself: a link that somebody put there leads to one that isn't ours to write."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
        except OSError as error:
            if error.errno in _NO_FILE:
                raise self._no_file() from None
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._no_file()
        return descriptor

    def _no_file(self) -> ResultError:
        return ResultError(
            f"{self._path}: a link, a directory or a pipe, and no file of a run. Remove it, and try again."
        )

    def _is_named(self, descriptor: int) -> bool:
        """Whether the path still leads to this file."""
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except FileNotFoundError:
            return False
