"""`python -m bench`, the same as the command `wsgi-bench`."""

from __future__ import annotations

import codecs
import os
import signal
import sys
from io import TextIOWrapper
from types import FrameType

from bench.machine.interrupt import handle
from bench.model.errors import Interrupted

_STANDARD_ERROR = 2


def main() -> int:
    """Run a verb and return its exit code.

    The first imports take a moment, in which nothing is started; once a verb has ended there is nothing left
    to break off.
    """
    handle(_leave)
    _prepare_streams()
    try:
        from bench.cli.verbs import main as run_verb

        return run_verb()
    finally:
        handle(signal.SIG_IGN)


def _prepare_streams() -> None:
    """Have standard streams that the caller closed lead nowhere, and standard output take any character.

    Python has None for what is closed, and the next file that is opened, a result's, would be standard output
    to every child. A terminal of Latin-1 lacks the dash of an interval, and a path may be of any bytes.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    if isinstance(sys.stdout, TextIOWrapper):
        is_utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "replace")


def _leave(number: int, _frame: FrameType | None) -> None:
    # Not as an exception, which half an import would catch and name another reason for.
    os.write(2, f"wsgi-bench: stopped by {signal.Signals(number).name}\n".encode())
    os._exit(Interrupted.exit_code)


if __name__ == "__main__":
    sys.exit(main())
