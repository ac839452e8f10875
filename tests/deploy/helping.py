"""An application with a helper: a program that it starts again and again, whatever is asked of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable

_ENDED = threading.Event()


def _helped() -> None:
    while True:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)"], check=False)
        _ENDED.set()


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """At `/next`, once another helper has ended."""
    if environ["PATH_INFO"] == "/next":
        _ENDED.clear()
        _ENDED.wait()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello, World!"]


threading.Thread(target=_helped, daemon=True).start()
