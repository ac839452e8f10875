"""Shortly, made slower by a loop that does nothing, as many times a request as `PROVE_SPIN` says."""

from __future__ import annotations

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from apps.shortly.wsgi import application as shortly

SPIN_VARIABLE = "PROVE_SPIN"
_SPIN = int(os.environ.get(SPIN_VARIABLE, "0"))


def spin(times: int) -> None:
    """Keep the CPU busy for a time in proportion to `times`."""
    for _ in range(times):
        pass


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as Shortly does, later."""
    spin(_SPIN)
    return shortly(environ, start_response)
