"""Applications that go wrong, each in its own way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment


def right(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers every request."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"right"]


def wrong(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers every request with an error."""
    start_response("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"wrong"]


def mortal(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ends the whole of waitress once a trial is saved in `$TMPDIR/out`, and lives on anywhere else."""
    if environ["SERVER_SOFTWARE"] == "waitress" and _saved():
        print("the app has had enough", flush=True)
        os._exit(1)
    return right(environ, start_response)


def _saved() -> int:
    """How many blocks of trials."""
    journal = Path(os.environ["TMPDIR"], "out", "blocks.jsonl")
    return journal.read_bytes().count(b'"trials"') if journal.exists() else 0


@cache
def _saved_at_first() -> int:
    """What was saved when this process answered for the first time."""
    return _saved()


def freed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Takes all CPUs that there are, and kills gunicorn's worker once a start; anywhere else it does neither.

    The worker dies after an answer, once a trial of it is saved in `$TMPDIR/out`.
    """
    if not environ["SERVER_SOFTWARE"].startswith("gunicorn"):
        return right(environ, start_response)
    _saved_at_first()
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), range(os.cpu_count() or 1))
    return _Last(right(environ, start_response))


class _Last(list[bytes]):
    """A body after which the process may have to die: the server calls `close` when it was sent."""

    def close(self) -> None:
        # A machine that others use may have the run measure its round again: with another start, and with
        # trials of the first one.
        died = Path(os.environ["TMPDIR"], f"died-{os.getppid()}")
        if _saved() > _saved_at_first() and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
