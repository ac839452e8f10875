"""The append-only journal `blocks.jsonl`: one checksummed line a saved block, whatever the run's length.

A line is `{"crc32":"<8 hex digits>","entry":<JSON>}`; the checksum is that of the entry's bytes. A line
counts only with its line feed. Power loss can tear the last line alone, since each append is synced.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.machine.interrupt import shield
from bench.model.errors import MachineError, ResultError
from bench.model.ranges import MOST_LOG_BYTES, MOST_VALUES
from bench.store.files import machine_errors, sync_directory
from bench.store.rescue import copy
from bench.store.strict import opened, parse_json

_HEAD = b'{"crc32":"%08x","entry":'
_HEAD_LENGTH = len(_HEAD % 0)


@dataclass(frozen=True)
class Contents:
    """What a journal holds.

    Attributes:
        torn_line: number of the last line if it is torn, else None; its block is lost.
        torn_bytes: how much of that line is there.
    """

    entries: tuple[Mapping[str, Any], ...]
    torn_line: int | None
    torn_bytes: int


class Journal:
    """An open journal. A context manager; each `append` is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        """Start an empty journal, or add to one that has no torn line.

        Raises:
            MachineError: it can't be written.
        """
        self.path = path
        with machine_errors(path):
            # To be read, too, where its name is taken away.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            self._descriptor = os.open(path, flags, 0o644)
            sync_directory(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, entry: Mapping[str, Any]) -> None:
        """Save one entry.

        Raises:
            MachineError: disk full, or it was removed; the journal is as it was before.
        """
        self.require_there()
        body = json.dumps(entry, allow_nan=False, separators=(",", ":")).encode()
        line = memoryview((_HEAD % zlib.crc32(body)) + body + b"}\n")
        with shield(), machine_errors(self.path):
            before = os.fstat(self._descriptor).st_size
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
                os.fsync(self._descriptor)
            except OSError:
                os.ftruncate(self._descriptor, before)
                raise

    def require_there(self) -> None:
        """See that what is written is found by its name.

        Raises:
            MachineError: it was removed or replaced while it was being written.
        """
        try:
            if self._descriptor < 0 or os.path.samestat(os.fstat(self._descriptor), self.path.stat()):
                return
        except OSError:
            pass
        raise MachineError(
            f"{self.path.parent} was removed or replaced while the run was writing there. See what does that."
        )

    def copy_to(self, path: Path) -> None:
        """Write what it holds to another file, whether it still has a name or not."""
        copy(self._descriptor, path)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read(path: Path) -> Contents:
    """Read a journal; a torn last line is left out and reported.

    Raises:
        ResultError: it can't be read, or a line before the last is damaged.
    """
    entries: list[Mapping[str, Any]] = []
    values = 0
    try:
        with opened(path, MOST_LOG_BYTES) as file:
            for number, line in enumerate(file, 1):
                entry = _entry(line)
                if entry is None:
                    if not file.read(1):
                        return Contents(tuple(entries), number, len(line))
                    raise ResultError(
                        f"{path}, line {number}: the checksum doesn't match, the file was damaged after it "
                        f"was written. Restore it from a copy, or delete line {number} and those after it to "
                        f"keep the {number - 1} blocks before."
                    )
                values += line.count(b",")
                if values > MOST_VALUES:
                    raise ResultError(
                        f"{path}: more than {MOST_VALUES} values. Restore it from a copy of the run."
                    )
                entries.append(entry)
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}. Make it readable.") from None
    return Contents(tuple(entries), None, 0)


def _entry(line: bytes) -> Mapping[str, Any] | None:
    body = line[_HEAD_LENGTH:-2]
    if line != (_HEAD % zlib.crc32(body)) + body + b"}\n":
        return None
    try:
        entry = parse_json(body.decode())
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
