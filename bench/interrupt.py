"""SIGINT and SIGTERM: raised as `Interrupted`, but never between starting a thing and knowing of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bench.errors import Interrupted

_shields = 0
_pending: str | None = None


def _on_signal(number: int, _frame: FrameType | None) -> None:
    global _pending
    _pending = signal.Signals(number).name
    if _shields == 0:
        _raise_pending()


def _raise_pending() -> None:
    global _pending
    name, _pending = _pending, None
    if name is not None:
        raise Interrupted(f"stopped by {name}")


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `Interrupted` for the length of the block."""
    previous = {s: signal.signal(s, _on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


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
    if _shields == 0:
        _raise_pending()
