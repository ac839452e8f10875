"""`python -m apps.shortly`: Shortly for development, on 127.0.0.1, with Werkzeug's debugger and reloader.

Never for measuring or serving: who reaches the debugger can run anything.
"""

from __future__ import annotations

import argparse
import sys

from werkzeug.serving import run_simple

from apps.shortly.app import ROOT, create_app
from apps.shortly.links import StoreRefusesError, StoreUnavailableError
from apps.shortly.settings import from_environment


def main() -> int:
    """Serve until interrupted; the exit code is 1 if Redis doesn't answer or doesn't write."""
    parser = argparse.ArgumentParser(prog="python -m apps.shortly", description=__doc__)
    parser.add_argument("--port", type=int, default=5000, help="on 127.0.0.1 (default: 5000)")
    port = parser.parse_args().port
    try:
        settings = from_environment()
    except ValueError as error:
        parser.error(str(error))
    app = create_app(settings.redis_host, settings.redis_port, redis_db=settings.redis_db)
    try:
        app.links.check()
    except StoreUnavailableError as error:
        trouble = "doesn't write" if isinstance(error, StoreRefusesError) else "doesn't answer"
        print(
            f"Redis {trouble} at {settings.redis_host}:{settings.redis_port}: {error}.\n"
            "Start one (`redis-server`), or set REDIS_HOST and REDIS_PORT to where it is.",
            file=sys.stderr,
        )
        return 1
    run_simple(
        "127.0.0.1",
        port,
        app,
        use_debugger=True,
        use_reloader=True,
        threaded=True,
        extra_files=[str(path) for path in (ROOT / "templates").iterdir()],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
