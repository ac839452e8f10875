"""A web application as PEP 3333 defines it, without any dependency: https://peps.python.org/pep-3333/."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Nothing of this is in Python 3.8, in which it may be served, too.
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

BODY = b"Hello, World!"
HEADERS = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(BODY)))]


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer every request with the same page; HEAD with its headers alone."""
    start_response("200 OK", HEADERS.copy())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [BODY]
