"""Why a request of a locust file's users failed: the kind of what their client raised, and a few words."""

from __future__ import annotations

import http.client
import traceback
import zlib
from collections.abc import Iterator
from pathlib import Path

import gevent
import requests
from geventhttpclient.response import HTTPParseError
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import CatchResponseError
from urllib3.exceptions import DecodeError, InvalidChunkLength, InvalidHeader, ProtocolError

from bench.load import locustclient
from bench.load.foreign import shown
from bench.model import shortage

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (requests.Timeout, "unfinished"),
    (gevent.Timeout, "unfinished"),
    (TimeoutError, "unfinished"),
    (http.client.RemoteDisconnected, "closed"),
    (ConnectionRefusedError, "connect"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (http.client.IncompleteRead, "truncated"),
    (http.client.HTTPException, "malformed"),
    (InvalidHeader, "malformed"),
    (DecodeError, "malformed"),
    (zlib.error, "malformed"),
)
# urllib3 has no class for it.
_PREMATURE = "Response ended prematurely"
_STATUS_ERRORS = (requests.HTTPError, LocustBadStatusCode)


def kind_of(error: BaseException, status: int) -> tuple[str, str]:
    """The kind, as `bench.load.outcomes` names it, and words for what came instead of a right answer.

    A client wraps what it met into errors of its own: the innermost that has a name of ours counts.

    Args:
        status: of the answer; 0 without one.
    """
    if isinstance(error, CatchResponseError):
        return "judged", _words(str(error))
    if isinstance(error, _STATUS_ERRORS):
        return "status", str(status)
    for cause in _causes(error):
        kind = _kind(cause)
        if kind is not None:
            return kind, _words(_said(cause)) if kind == "malformed" else ""
    return "judged" if status else "client", _words(f"{type(error).__name__}: {_said(error)}")


def in_task(error: BaseException, where: str) -> str:
    """An exception of the user's own code, e.g. "KeyError: 'token' in a task (shop.py:12)"."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    said = f": {error}" if str(error) else ""
    return f"{_words(type(error).__name__ + said)} in {where}{place}"


def _kind(cause: BaseException) -> str | None:
    """The kind of one error by itself; None if it has none."""
    own = shortage.kind_of(cause.errno) if isinstance(cause, OSError) else None
    if own is not None:
        return own
    if isinstance(cause, HTTPParseError):
        return locustclient.kind_of(cause)
    if isinstance(cause, InvalidChunkLength):
        # Without a single digit it is the connection that ended.
        return "malformed" if cause.length else "truncated"
    if isinstance(cause, ProtocolError) and cause.args[:1] == (_PREMATURE,):
        return "truncated"
    return next((kind for type_, kind in _KINDS if isinstance(cause, type_)), None)


def _said(error: BaseException) -> str:
    """Its message, without what it was made of."""
    if isinstance(error, InvalidChunkLength):
        return f"a chunk size that isn't hexadecimal: {shown(error.length.strip())}"
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) else str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, and whatever it was made of."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        parts = (one.__cause__, one.__context__, *(getattr(one, n, None) for n in ("reason", "original")))
        waiting += [part for part in (*parts, *one.args) if isinstance(part, BaseException)]


def _words(text: str) -> str:
    return shown(text.encode("latin-1", "replace"))
