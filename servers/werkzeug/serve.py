"""Werkzeug's own server, as it is started in development, without what is for development only."""

from __future__ import annotations

from typing import Any

from werkzeug.serving import WSGIRequestHandler, run_simple


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line a request, and nothing formatted for one: the other servers' access logs are off, too.

        https://werkzeug.palletsprojects.com/en/stable/serving/#werkzeug.serving.run_simple (request_handler)
        """


def serve(application: Any, host: str, port: int) -> None:
    """Serve until ended."""
    run_simple(
        host,
        port,
        application,
        threaded=True,
        use_reloader=False,
        use_debugger=False,
        request_handler=QuietHandler,
    )
