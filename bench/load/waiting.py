"""Waiting in a greenlet, while others go on."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from bench.load.clock import now_ns

LOOK_S = 0.001
"""How often it is looked."""


def until(reached: Callable[[], bool], limit_ns: int) -> None:
    """Wait for something, or a time of `now_ns`."""
    while not reached() and now_ns() < limit_ns:
        gevent.sleep(LOOK_S)


def sleep_until(at_ns: int) -> None:
    """Wait for a time of `now_ns`; not at all if it is past."""
    while (left_ns := at_ns - now_ns()) > 0:
        gevent.sleep(left_ns / 1e9)
