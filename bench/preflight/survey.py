"""The files of a project with size and time of their last change: what changed while it was looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping

Survey = Mapping[str, tuple[int, int]]
# Enough for a large project; what a package manager or a repository keeps isn't the application's.
_FILES_AT_MOST = 50_000
_FOREIGN = frozenset({"node_modules", "site-packages", "__pycache__"})


def survey(root: str) -> Survey:
    """Every file of a project, less hidden folders and environments."""
    files: dict[str, tuple[int, int]] = {}
    waiting = [root]
    while waiting and len(files) < _FILES_AT_MOST:
        try:
            with os.scandir(waiting.pop()) as entries:
                inside = list(entries)
        except OSError:
            continue
        if any(entry.name == "pyvenv.cfg" for entry in inside):
            continue
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _FOREIGN:
                    waiting.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                described = entry.stat()
                files[entry.path] = described.st_size, described.st_mtime_ns
    return files


def differences(before: Survey, after: Survey) -> list[str]:
    """Paths that are new, gone or changed."""
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
