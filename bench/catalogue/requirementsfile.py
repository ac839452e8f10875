"""Reads a requirements file as pip does, as far as is needed to tell the project itself from what it needs.

The format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.model.errors import UsageError

_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]*(?P<file>\S+)")
_CONSTRAINT = re.compile(r"(?:-c|--constraint)[ =]*(?P<file>\S+)")
# A folder, which may have extras behind it: `-e .`, `.[redis]`, `./libs/money`, `file:../money`.
_FOLDER = re.compile(r"(?:(?:-e|--editable)[ =]*)?(?:file:(?://)?)?(?P<folder>[./][^\[\s#]*)(?:\[[^\]]*\])?")


@dataclass(frozen=True)
class Contents:
    """Of a requirements file and those that it includes.

    Attributes:
        lines: what comes from elsewhere, with options and hashes; constraint files are named absolutely.
        linked: folders of local projects.
    """

    lines: tuple[str, ...]
    linked: tuple[Path, ...]


def read(path: Path) -> Contents:
    """
    Raises:
        UsageError: it, or a file that it includes, can't be read.
    """
    lines: list[str] = []
    linked: dict[Path, None] = {}
    _read(path.absolute(), lines, linked, [])
    return Contents(tuple(lines), tuple(linked))


def _read(path: Path, lines: list[str], linked: dict[Path, None], including: list[Path]) -> None:
    if path in including:
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        by = f", which {including[-1]} includes," if including else ""
        why = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise UsageError(f"{path}{by} can't be read: {why}.") from None
    for line in map(str.strip, text.splitlines()):
        if (include := _INCLUDE.match(line)) and "://" not in line:
            _read((path.parent / include["file"]).resolve(), lines, linked, [*including, path])
        elif constraint := _CONSTRAINT.match(line):
            lines.append(f"-c {(path.parent / constraint['file']).resolve()}")
        elif (local := _FOLDER.match(line)) and (
            folder := (path.parent / local["folder"]).resolve()
        ).is_dir():
            linked[folder] = None
        elif line and not line.startswith("#"):
            lines.append(line)
