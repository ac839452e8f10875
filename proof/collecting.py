"""Shortly with a large heap, all of which Python's garbage collector goes through once, or not at all.

`PROVE_COLLECT_AT` is the number of the request, counted from each process's start, that a full collection
comes before; 0 for none. Else there is none, as in the long run of many servers.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from apps.shortly.wsgi import application as shortly

COLLECT_VARIABLE = "PROVE_COLLECT_AT"
_AT = int(os.environ.get(COLLECT_VARIABLE, "0"))
_numbers = itertools.count(1)

if COLLECT_VARIABLE in os.environ:
    # In a server. The proof, which needs the name alone, keeps its own heap as it is.
    heap = [[number] for number in range(400_000)]
    gc.collect()
    gc.set_threshold(*gc.get_threshold()[:2], 1_000_000)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer as Shortly does."""
    if next(_numbers) == _AT:
        gc.collect()
    return shortly(environ, start_response)
