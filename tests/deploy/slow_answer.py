"""An application that takes longer for an answer than the harness looks away, and one that ends instead."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

_ANSWER_S = 1.0


def application(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    time.sleep(_ANSWER_S)
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "13")]
    start_response("200 OK", headers)
    return [b"Hello, World!"]


def mortal(_environ: WSGIEnvironment, _start_response: StartResponse) -> Iterable[bytes]:
    time.sleep(_ANSWER_S)
    os._exit(1)
