"""Lines that another process says, each waited for until a set time."""

from __future__ import annotations

import os
import select
import time

_READ_BYTES = 1 << 20


class Lines:
    """What is read of a pipe, line by line; what comes behind a line is kept for the next."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._buffer = b""

    def next(self, until: float) -> bytes:
        """The next line, without its end.

        Args:
            until: monotonic time.

        Raises:
            TimeoutError: it hasn't come by then.
            EOFError: the pipe has ended before it.
        """
        while b"\n" not in self._buffer:
            if not select.select([self._fd], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError
            data = os.read(self._fd, _READ_BYTES)
            if not data:
                raise EOFError
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\n")
        return text
