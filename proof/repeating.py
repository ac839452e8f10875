"""Shortly, made slower: of all GET requests it does the share `PROVE_REPEAT` twice, and sends one answer.

What is planted is of the same kind as what the application does anyway. A loop that only computes isn't,
and came out larger than asked in some runs than in others.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from apps.shortly.wsgi import application as shortly

REPEAT_VARIABLE = "PROVE_REPEAT"
_SHARE = float(os.environ.get(REPEAT_VARIABLE, "0"))
_numbers = itertools.count()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as Shortly does, some requests later."""
    if environ["REQUEST_METHOD"] == "GET":
        number = next(_numbers)
        if math.floor((number + 1) * _SHARE) > math.floor(number * _SHARE):
            _answer_nobody(dict(environ))
    return shortly(environ, start_response)


def _answer_nobody(environ: WSGIEnvironment) -> None:
    body = shortly(environ, _start_nothing)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()


def _start_nothing(*_: object) -> Callable[[bytes], object]:
    return lambda _: None
