"""The servers' logs: one file a deployment, kept over all rounds."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_TAIL_BYTES = 64 * 1024
_MOST_BYTES = 64 << 20
_KEPT_BYTES = 1 << 20
# Escape sequences of terminals, and every control character but the tabulator.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def log_path(directory: Path, deployment: str) -> Path:
    """Where a deployment's log is; makes the folder."""
    folder = directory / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    # An app named as module:callable may hold what a file name must not.
    return folder / (re.sub(r"[^\w.-]", "_", deployment) + ".log")


def keep_log(directory: Path, deployment: str, text: str) -> None:
    """Add to a log, as far as the disk takes it: a full one is no reason to leave a server running."""
    with suppress(OSError), log_path(directory, deployment).open("a") as file:
        file.write(text)


def shorten(directory: Path) -> None:
    """Leave of each log that has grown large its last part: an application may print with every answer."""
    for path in (directory / "logs").glob("*.log"):
        with suppress(OSError), path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size > _MOST_BYTES:
                file.seek(-_KEPT_BYTES, os.SEEK_END)
                kept = file.read(_KEPT_BYTES)
                file.truncate(0)
                # At its end, where its server may have written meanwhile.
                with path.open("ab") as end:
                    left_out = (size - len(kept)) >> 20
                    end.write(b"[wsgi-bench left out %d MB of this log]\n%b" % (left_out, kept))


def last_lines(path: Path, lines: int, start: int = 0) -> tuple[str, ...]:
    """The last lines of a log, from byte `start` on, without control characters."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            # It has been shortened since then.
            start = start if start <= size else 0
            file.seek(max(start, size - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ()
    return clean_lines(text, lines)


def clean_lines(text: str, lines: int) -> tuple[str, ...]:
    """The last lines of a text, without control characters and without empty lines."""
    cleaned = (_CONTROL.sub("", line).rstrip() for line in text.split("\n"))
    return tuple(line for line in cleaned if line)[-lines:]
