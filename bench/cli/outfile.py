"""`--out FILE` of `report` and `compare`: a file of the user's own, wherever that leads."""

from __future__ import annotations

from pathlib import Path

from bench.ask.outdir import why_no_place
from bench.model.errors import UsageError
from bench.store import JOURNAL, LATENCY_LOG, RESULT, replace_file
from bench.store.files import machine_errors


def require_file(out: Path) -> None:
    """See that a text can be written there, and nothing that was measured is lost by it.

    Raises:
        UsageError: it can't.
    """
    try:
        if out.is_dir():
            raise UsageError(f"--out {out} is a folder. Name a file in it.")
        if not out.parent.is_dir():
            raise UsageError(f"--out {out}: there is no folder {out.parent}. Make it, or name another file.")
        target = out.resolve()
    except (OSError, RuntimeError) as error:
        raise UsageError(f"--out {out}: {why_no_place(error)}. Name another file.") from None
    if target.name in (RESULT, LATENCY_LOG, JOURNAL) and target.with_name(RESULT).exists():
        raise UsageError(f"--out {out} is what a run has measured, and would be lost. Name another file.")


def write_out(out: Path, text: str) -> bool:
    """Write a text there; whether that made a file.

    A file is there whole or not at all. What is none, as /dev/stdout or a named pipe, is written into, and a
    link is followed: put in its place, a file would take it from every other program.

    Raises:
        MachineError: disk full, no permission.
    """
    if out.exists() and not out.is_file():
        with machine_errors(out):
            out.write_text(text, encoding="utf-8")
        return False
    replace_file(out.resolve(), [text])
    return True
