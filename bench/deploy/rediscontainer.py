"""Redis in a run's containers: started, waited for, asked what it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from bench.deploy.engine import Engine
from bench.machine import process
from bench.model.errors import StoreError

_START_S = 20.0
_LOOK_S = 0.05


def start_redis(engine: Engine, container: str, log: Callable[[], str]) -> str:
    """Start a container with Redis and wait until that answers.

    Args:
        log: the end of what it printed.

    Returns:
        Its version; "unknown" if it doesn't say.

    Raises:
        StoreError: it can't be started, or doesn't answer.
    """
    try:
        engine.run("start", container)
        deadline = time.monotonic() + _START_S
        while not _answers(engine, container):
            if time.monotonic() > deadline:
                raise StoreError(f"Redis did not start; its log ends:\n{log()}")
            time.sleep(_LOOK_S)
        version = re.search(r"v=(\S+)", engine.run("exec", container, "redis-server", "--version"))
    except process.CommandFailed as error:
        raise StoreError(f"Redis could not be started: {error}") from None
    return version[1] if version else "unknown"


def _answers(engine: Engine, container: str) -> bool:
    try:
        return engine.run("exec", container, "redis-cli", "ping").strip() == "PONG"
    except process.CommandFailed:
        return False
