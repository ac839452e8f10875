"""Reading the files of a result that anybody may have written, of any kind and size.

Reading one takes no more memory than a few times its size, and that is bounded.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from bench.model.errors import ResultError
from bench.model.jsonable import Malformed, shown
from bench.model.ranges import MOST_VALUES

MOST_BYTES = 192 << 20
"""Of `result.json`: a run of ten thousand trials has 7 MB. What a run may store is limited so that it can be
read: `bench/plan/size.py`.
"""
_MOST_CONTAINERS = 2_000_000
"""Lists and objects take more memory than other values; a trial has six of them."""
_FEW_VALUES = 200_000
_MOST_KEYS = 20_000
"""Different ones, each of which takes hundreds of bytes more; a trial has the same ones as the next."""
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?', re.DOTALL)


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """A whole file.

    Raises:
        OSError: it isn't there, or can't be read.
        ResultError: it is no file, too large, or not UTF-8.
    """
    return decoded(read_bytes(path, most), path)


@contextmanager
def opened(path: Path, most: int) -> Iterator[BinaryIO]:
    """A file to read, but nothing that has no end, such as a device, or no beginning, such as a pipe.

    Raises:
        OSError: it isn't there, or can't be read.
        ResultError: it is no file, or too large.
    """
    # Else to open a pipe is to wait for whoever writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise ResultError(f"{path}: a pipe or a device, and no file. Restore it from a copy of the run.")
        if status.st_size > most:
            raise ResultError(
                f"{path}: larger than {most >> 20} MB, which no run writes. Restore it from a copy."
            )
    except BaseException:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        yield file


def read_bytes(path: Path, most: int) -> bytes:
    """A whole file that was `opened`."""
    with opened(path, most) as file:
        return file.read()


def decoded(data: bytes, path: Path) -> str:
    """Its text.

    Raises:
        ResultError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ResultError(
            f"{path}: not UTF-8 text from byte {error.start} on. Restore the file from a copy of the run."
        ) from None


def parse_json(text: str) -> Any:
    """JSON as the standard has it: no NaN, no key twice, no more values than memory has room for.

    Raises:
        json.JSONDecodeError: it isn't JSON.
        Malformed: it is JSON that no run writes.
    """
    _require_few(text)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError:
        raise Malformed("nested too deeply to be of a result") from None
    except (json.JSONDecodeError, Malformed):
        raise
    except ValueError:
        # Python reads no integer of more than some thousand digits.
        raise Malformed("a number of more digits than any figure has") from None


def _require_few(text: str) -> None:
    """That there aren't more values, or more different keys, than memory has room for.

    Raises:
        Malformed: there are.
    """
    containers = sum(map(text.count, "[{"))
    values = containers + text.count(",")
    if values > MOST_VALUES or containers > _MOST_CONTAINERS:
        raise Malformed(f"{values} values, more than any run writes")
    if values > _FEW_VALUES:
        keys: set[str] = set()
        for string in _STRING.finditer(text):
            if string[2]:
                keys.add(string[1])
            if len(keys) > _MOST_KEYS:
                raise Malformed(f"more than {_MOST_KEYS} different keys, which no run writes")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    by_name = dict(pairs)
    if len(by_name) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise Malformed(f"{shown(twice)} stands twice in one object")
    return by_name


def _no_number(constant: str) -> NoReturn:
    raise Malformed(f"{constant} is no number")
