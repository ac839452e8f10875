"""Signals that end a run: raised as `Interrupted`, but never between starting a thing and knowing of it."""

from __future__ import annotations

import signal
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from bench.model.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_shields = 0
_stopped_by: str | None = None
_raised: weakref.ref[Interrupted] | None = None


def _on_signal(number: int, frame: FrameType | None) -> None:
    global _stopped_by
    _stopped_by = _stopped_by or signal.Signals(number).name
    if not _leaving(frame):
        _raise_if_stopped()


def _raise_if_stopped() -> None:
    """Raise `Interrupted` once: further signals don't break into the teardown that it sets off.

    Again only after it was lost, as an exception in a finalizer is.
    """
    global _raised
    if _stopped_by is None or _shields > 0 or (_raised is not None and _raised() is not None):
        return
    error = Interrupted(f"stopped by {_stopped_by}")
    _raised = weakref.ref(error)
    try:
        raise error
    finally:
        # Its traceback holds this frame: without a cycle it is gone as soon as nobody handles it any more.
        del error


def _leaving(frame: FrameType | None) -> bool:
    """Whether a `with` block is being left: that must not be broken off before its shield is up."""
    while frame is not None:
        if frame.f_code.co_name == "__exit__":
            return True
        frame = frame.f_back
    return False


def handle(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> dict[signal.Signals, Any]:
    """Have the signals handled so (SIGHUP not where nohup ignores it); return how they were before."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        if number != signal.SIGHUP or before[number] != signal.SIG_IGN:
            signal.signal(number, handler)
    return before


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn signals into `Interrupted` for the length of the block."""
    global _stopped_by, _raised
    _stopped_by = _raised = None
    before = handle(_on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _stopped_by = _raised = None


@contextmanager
def shield() -> Iterator[None]:
    """Hold signals back until the block has ended: for starting, registering and ending things.

    The block must be bounded in time.
    """
    global _shields
    _shields += 1
    try:
        yield
    finally:
        _shields -= 1
    _raise_if_stopped()
