"""waitress with room for more clients than its default, and without a warning for each busy moment.

Settings: https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import waitress

CONNECTIONS = 4096


def serve(application: Any, host: str, port: int) -> None:
    """Serve until ended, with as many threads as `THREADS` says."""
    # 'Task queue depth is N' is logged whenever no thread is idle, which under load is always:
    # https://docs.pylonsproject.org/projects/waitress/en/stable/logging.html
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(
        application,
        host=host,
        port=port,
        threads=_threads(),
        # 100 by default, its own descriptors included: beyond it clients wait to be accepted.
        connection_limit=CONNECTIONS,
        # select() can't watch descriptors above 1023.
        asyncore_use_poll=True,
    )


def _threads() -> int:
    value = os.environ.get("THREADS", "")
    if not value.isdecimal() or int(value) < 1:
        sys.exit(f"THREADS must be a number above 0, but is {value!r}.")
    return int(value)
