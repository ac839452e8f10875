"""cheroot, CherryPy's server, with room for more clients than its default.

Settings: https://cheroot.cherrypy.dev/en/latest/pkg/cheroot.wsgi/
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cheroot.wsgi import Server

CONNECTIONS = 4096


def serve(load: Callable[[], Any], host: str, port: int, _workers: int, threads: int) -> None:
    """Serve until ended."""
    server = Server(
        (host, port),
        load(),
        numthreads=threads,
        # The backlog of its socket: with 5, its default, TCP's wait of a second or more would be measured.
        request_queue_size=1024,
        # Longer than any pause between two requests of a connection; 10 s by default.
        timeout=75,
        # Below the service's stop_grace_period.
        shutdown_timeout=5,
    )
    # 10 by default: any further client is answered with `Connection: close`.
    # https://cheroot.cherrypy.dev/en/latest/pkg/cheroot.server/#cheroot.server.HTTPServer.keep_alive_conn_limit
    server.keep_alive_conn_limit = CONNECTIONS
    with suppress(KeyboardInterrupt):
        try:
            server.start()
        finally:
            # Lets its threads finish what they do.
            server.stop()
