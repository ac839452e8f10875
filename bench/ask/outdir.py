"""`--out`: the directory for a run's files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.model.errors import UsageError
from bench.store import why_taken


def out_directory(asked: str | None) -> Path | None:
    """The directory for the run's files, if it can become one: new, or without a result."""
    if not asked:
        return None
    out = Path(asked)
    try:
        there = next(path for path in (out, *out.absolute().parents) if path.exists())
        if not there.is_dir():
            raise UsageError(f"--out {out}: {there} is a file, not a directory. Choose another place.")
        out.resolve()
        # Whether it can be written to: root may by all permissions, and can't everywhere.
        Path(tempfile.mkdtemp(prefix=".wsgi-bench-", dir=there)).rmdir()
        if taken := why_taken(out):
            raise UsageError(taken)
    except (OSError, RuntimeError) as error:
        raise UsageError(f"--out {out}: {why_no_place(error)}. Choose another place.") from None
    return out


def why_no_place(error: OSError | RuntimeError) -> str:
    """Why a path can't be followed. A link that leads to itself is a RuntimeError before Python 3.13."""
    return getattr(error, "strerror", "") or "it is a link that leads to itself"
