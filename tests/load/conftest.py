"""Rules for the tests of the load generator."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

import pytest

# Far longer than any of these tests takes: whoever waits so long hangs.
HANG_S = 300.0


def _hangs(_number: int, _frame: FrameType | None) -> NoReturn:
    pytest.fail(f"no end within {HANG_S:g} s")


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """End a test that hangs."""
    before = signal.signal(signal.SIGALRM, _hangs)
    signal.setitimer(signal.ITIMER_REAL, HANG_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
