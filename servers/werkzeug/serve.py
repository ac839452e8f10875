"""Werkzeug's own server, as it is started in development, without what is for development only."""

from __future__ import annotations

from werkzeug.serving import WSGIRequestHandler, run_simple

from servers.application import address, application


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No line a request, and nothing formatted for one: the other servers' access logs are off, too.

        https://werkzeug.palletsprojects.com/en/stable/serving/#werkzeug.serving.run_simple (request_handler)
        """


def main() -> None:
    app = application()
    host, port = address()
    run_simple(
        host,
        port,
        app,
        threaded=True,
        use_reloader=False,
        use_debugger=False,
        request_handler=QuietHandler,
    )


if __name__ == "__main__":
    main()
