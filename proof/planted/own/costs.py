"""WSGI applications whose own CPU time is known, in a folder as a project of somebody's."""

from __future__ import annotations

import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

BUSY_S, LIGHT_S, WAITING_S = 0.002, 0.00005, 0.02


def busy(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Two milliseconds of CPU."""
    return _burnt(BUSY_S, start_response)


def light(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A twentieth of a millisecond."""
    return _burnt(LIGHT_S, start_response)


def waiting(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Hardly any CPU, and twenty milliseconds."""
    time.sleep(WAITING_S)
    return _answer(start_response)


def _burnt(seconds: float, start_response: StartResponse) -> Iterable[bytes]:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
    return _answer(start_response)


def _answer(start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
