"""What every server here needs from its environment: the application, the address, the budget."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def application() -> WSGIApplication:
    """Import the application that `APP` names as `module:callable`.

    Ends the process with exit code 1 and, as the last line of its log, the reason.
    """
    name = os.environ.get("APP", "")
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        sys.exit(f"APP must name the application as module:callable, but is {name!r}.")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        import traceback

        traceback.print_exc()
        sys.exit(f"The application {name} can't be imported: {type(error).__name__}: {error}")
    if not callable(value):
        sys.exit(f"The application {name} is a {type(value).__name__}, which can't be called.")
    return value  # type: ignore[no-any-return]


def address() -> tuple[str, int]:
    """Host and port from `BIND`, given as `host:port`."""
    bind = os.environ.get("BIND", "")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        sys.exit(f"BIND must be host:port, but is {bind!r}.")
    return host.strip("[]"), int(port)


def threads() -> int:
    """Number of threads from `THREADS`."""
    return _count("THREADS")


def workers() -> int:
    """Number of processes from `WORKERS`."""
    return _count("WORKERS")


def _count(name: str) -> int:
    value = os.environ.get(name, "")
    if not value.isdecimal() or int(value) < 1:
        sys.exit(f"{name} must be a number above 0, but is {value!r}.")
    return int(value)
