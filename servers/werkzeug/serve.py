"""Werkzeug's own server, as it is started in development, without what is for development only."""

from __future__ import annotations

import logging

from werkzeug.serving import run_simple

from servers.application import address, application


def main() -> None:
    app = application()
    host, port = address()
    # A line a request is logged at level INFO: https://werkzeug.palletsprojects.com/en/stable/serving/
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    run_simple(host, port, app, threaded=True, use_reloader=False, use_debugger=False)


if __name__ == "__main__":
    main()
