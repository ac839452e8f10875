"""The load driver: `python -m bench.load.driver`, a child process that obeys JSON lines.

Nothing but this process imports locust, which patches the standard library as it is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from bench.load.engine import Engine
from bench.load.protocol import line


def main() -> None:
    """Serve orders from standard input until its end."""
    events = os.dup(1)
    os.dup2(2, 1)

    def emit(event: Mapping[str, Any]) -> None:
        left = line(event)
        while left:
            left = left[os.write(events, left) :]

    # After the engine: what it needs of the standard library is then its own, unpatched.
    from bench.load.users import serve

    serve(Engine(emit), emit, sys.stdin.fileno())


if __name__ == "__main__":
    main()
