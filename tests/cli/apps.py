"""Applications that go wrong, each in its own way."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_REQUESTS = itertools.count(1)
_LAST = 3000


def right(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers every request."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"right"]


def wrong(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers every request with an error."""
    start_response("500 Internal Server Error", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"wrong"]


def mortal(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ends the whole of waitress after some thousand requests, and lives on anywhere else."""
    if environ["SERVER_SOFTWARE"] == "waitress" and next(_REQUESTS) > _LAST:
        print("the app has had enough", flush=True)
        os._exit(1)
    return right(environ, start_response)
