"""The harness's look at a locust file, which it never imports itself: a process of the driver's does."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.machine import process
from bench.machine.process import CommandFailed
from bench.model import LocustFile, LocustUsers
from bench.model.errors import UsageError

_LOOK_S = 60.0
_CODE = Path(__file__).parents[2]


def look(
    path: Path, users: int, *, user: str = "", tags: Sequence[str] = (), exclude_tags: Sequence[str] = ()
) -> LocustFile:
    """What a locust file has, and how many of its users each class gets.

    Args:
        users: how many there are.
        user: the one class that makes the load; empty for all.

    Raises:
        UsageError: it can't be run; says why.
    """
    contents = _read(path)
    arguments = driver_arguments(path, user=user, tags=tags, exclude_tags=exclude_tags)
    command = [sys.executable, "-m", "bench.load.driver", *arguments, "--look", str(users)]
    try:
        said = process.run(command, environment=os.environ, cwd=_CODE, timeout_s=_LOOK_S)
        found: dict[str, Any] = json.loads(said)
    except (CommandFailed, ValueError) as error:
        raise UsageError(
            f"--locustfile {path}: the process that imported it said nothing of it ({error}). See whether "
            f"`locust -f {path.name}` starts."
        ) from None
    if found["event"] == "refused":
        raise UsageError(f"--locustfile {path}: {found['reason']}.")
    return LocustFile(
        name=path.name,
        sha256=hashlib.sha256(contents).hexdigest(),
        version=found["locust"],
        users=tuple(LocustUsers(**one) for one in found["users"]),
        user=user,
        tags=tuple(tags),
        exclude_tags=tuple(exclude_tags),
    )


def driver_arguments(
    path: Path, *, user: str = "", tags: Sequence[str] = (), exclude_tags: Sequence[str] = ()
) -> list[str]:
    """The options of a driver whose users are those of a file."""
    options = ["--client", "locustfile", "--locustfile", str(path.absolute()), "--folder", str(Path.cwd())]
    options += ["--user", user] if user else []
    options += [word for tag in tags for word in ("--tag", tag)]
    return options + [word for tag in exclude_tags for word in ("--exclude-tag", tag)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"--locustfile {path}: {error.strerror}. Name a locust file, such as locustfile.py."
        ) from None
