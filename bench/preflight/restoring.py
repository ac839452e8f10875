"""Puts back what an application changed while it was looked at."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil


def restore(scratch: Path) -> dict[str, str]:
    """Put back every file that is noted in `kept.jsonl`, as it was when it was opened for writing.

    Returns:
        The reason for each path that stays changed.
    """
    changed = [note for note in _first_notes(scratch) if _has_changed(note)]
    held = _held({note["path"] for note in changed if note["there"]}) if changed else set()
    left: dict[str, str] = {}
    # The last made first: folders are empty by then.
    for note in reversed(changed):
        path = Path(note["path"])
        try:
            if not note["there"] and path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif not note["there"]:
                path.unlink()
            elif stat.S_ISDIR(note["mode"]):
                path.mkdir(parents=True, exist_ok=True)
            elif note["path"] in held:
                left[note["path"]] = "other programs have it open"
            elif not note["copy"]:
                left[note["path"]] = "it is large"
            else:
                _write_back(path, note)
        except OSError as error:
            left[note["path"]] = str(error.strerror)
    return left


def binds(scratch: Path) -> tuple[str, ...]:
    """The addresses that the application took."""
    return tuple(dict.fromkeys(str(note["bind"]) for note in _notes(scratch) if "bind" in note))


def _notes(scratch: Path) -> list[Mapping[str, Any]]:
    try:
        return [json.loads(line) for line in (scratch / "kept.jsonl").read_text().splitlines()]
    except OSError:
        return []


def _first_notes(scratch: Path) -> Iterator[Mapping[str, Any]]:
    """The first of each path: a process that was forked may have noted it later."""
    seen: set[str] = set()
    for note in _notes(scratch):
        if "path" in note and note["path"] not in seen:
            seen.add(note["path"])
            yield note


def _has_changed(note: Mapping[str, Any]) -> bool:
    try:
        now = os.lstat(note["path"])
    except OSError:
        return bool(note["there"])
    if not note["there"]:
        return stat.S_ISREG(now.st_mode) or stat.S_ISDIR(now.st_mode)
    same = (now.st_size, now.st_mtime_ns) == (note["size"], note["mtime_ns"])
    return not same and not stat.S_ISDIR(note["mode"])


def _write_back(path: Path, note: Mapping[str, Any]) -> None:
    """The same content, in the same file where there still is one: links to it hold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Path(note["copy"]).open("rb") as copy, path.open("r+b" if path.exists() else "wb") as file:
        shutil.copyfileobj(copy, file)
        file.truncate()
    path.chmod(stat.S_IMODE(note["mode"]))
    os.utime(path, ns=(note["mtime_ns"], note["mtime_ns"]))


def _held(paths: set[str]) -> set[str]:
    """Those of the files that a process has open; of other users' processes nobody is told."""
    held = set()
    for each in psutil.process_iter():
        try:
            held |= {file.path for file in each.open_files()} & paths
        except (psutil.Error, OSError):
            continue
    return held
