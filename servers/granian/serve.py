"""granian for WSGI: its Rust runtime reads and writes, its blocking threads run the application.

What the command line calls `--interface wsgi --blocking-threads 4 --backpressure 4096 ...`:
https://github.com/emmett-framework/granian/blob/v2.8.7/README.md#options
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings

CONNECTIONS = 4096


def serve(load: Callable[[], Any], host: str, port: int, workers: int, threads: int) -> None:
    """Serve until ended."""
    Granian(
        os.environ["APP"],
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # Half of `backpressure` by default: as many as there are connections, up to 512.
        # https://github.com/emmett-framework/granian/blob/v2.8.7/README.md#workers-and-threads
        blocking_threads=threads,
        # Connections that it serves at once, 1024 by default: beyond it clients wait to be accepted.
        # https://github.com/emmett-framework/granian/blob/v2.8.7/README.md#backpressure
        backpressure=CONNECTIONS,
        # WSGI needs none, and what else is installed is not to change what is measured.
        loop=Loops.asyncio,
        websockets=False,
        # Counts while a kept connection is idle, too; 30 s by default, and 60 s is the most.
        http1_settings=HTTP1Settings(header_read_timeout=60_000),
        # Below the service's stop_grace_period; without one it waits for ever.
        workers_kill_timeout=8,
    ).serve(target_loader=load, wrap_loader=False)
