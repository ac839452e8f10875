"""Werkzeug's own server, as it is started in development, without what is for development only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.serving import WSGIRequestHandler, run_simple


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line a request, and nothing formatted for one: of all servers here only `wsgiref` logs each.

        https://werkzeug.palletsprojects.com/en/stable/serving/#werkzeug.serving.run_simple (request_handler)
        """


def serve(load: Callable[[], Any], host: str, port: int, _workers: int, _threads: int) -> None:
    """Serve until ended."""
    application = load()
    run_simple(
        host,
        port,
        application,
        threaded=True,
        use_reloader=False,
        use_debugger=False,
        request_handler=QuietHandler,
    )
