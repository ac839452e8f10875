"""Wake-ups at a set nanosecond, through a timer that an epoll set can wait for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from types import TracebackType
from typing import Self

now_ns = time.monotonic_ns

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1
_TFD_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
_SECOND = 1_000_000_000

BREATH_NS = 250_000_000
"""How long a trial may keep everything else in its process from running."""


class _Itimerspec(ctypes.Structure):
    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class Timer:
    """A Linux timerfd on the monotonic clock (timerfd_create(2)), usable from Python 3.11 on.

    epoll's own timeout is in milliseconds; this is good to some tens of microseconds.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._spec = _Itimerspec(0, 0, 0, 0)
        self._spec_pointer = ctypes.byref(self._spec)
        self.fd: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_FLAGS)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)

    def arm(self, at_ns: int) -> None:
        """Become readable at `at_ns` of the monotonic clock, at once if that has passed."""
        # 0 would disarm it.
        self._spec.value_s, self._spec.value_ns = divmod(max(at_ns, 1), _SECOND)
        self._libc.timerfd_settime(self.fd, _TFD_TIMER_ABSTIME, self._spec_pointer, None)

    def clear(self) -> None:
        """Forget that it fired."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 8)
