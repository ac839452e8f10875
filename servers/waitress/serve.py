"""waitress with room for more clients than its default, and without a warning for each busy moment.

Settings: https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import waitress

CONNECTIONS = 4096
_HEADERS = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port"}


def serve(load: Callable[[], Any], host: str, port: int, _workers: int, threads: int) -> None:
    """Serve until ended."""
    application = load()
    # 'Task queue depth is N' is logged whenever no thread is idle, which under load is always:
    # https://docs.pylonsproject.org/projects/waitress/en/stable/logging.html
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    proxy = os.environ.get("TRUSTED_PROXY")
    waitress.serve(
        application,
        host=host,
        port=port,
        threads=threads,
        # 100 by default, its own descriptors included: beyond it clients wait to be accepted.
        connection_limit=CONNECTIONS,
        # select() can't watch descriptors above 1023.
        asyncore_use_poll=True,
        # Without it X-Forwarded-Proto doesn't reach the application; gunicorn trusts this machine's proxies.
        # https://docs.pylonsproject.org/projects/waitress/en/stable/reverse-proxy.html
        **({"trusted_proxy": proxy, "trusted_proxy_headers": _HEADERS} if proxy else {}),
    )
