"""Answers what is asked of this machine, each question and each answer a line of JSON, until its input ends.

It runs by itself, in a container on a machine where nothing else of the harness is, and writes nothing there.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def _read(path: str) -> str:
    return Path(path).read_text(errors="replace")


def _links(folder: str) -> Mapping[str, str]:
    leading = {}
    for name in os.listdir(folder):  # noqa: PTH208 - its errors are wanted at once
        try:
            leading[name] = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - as the kernel writes it
        except OSError:
            continue
    return leading


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


_KINDS: Mapping[str, Callable[[str], Any]] = {
    "read": _read,
    "entries": os.listdir,
    "link": os.readlink,
    "links": _links,
    "exists": os.path.lexists,
    "clocks": lambda _: [time.monotonic_ns(), time.time_ns()],
    "free port": _free_port,
}


def answer(kind: str, argument: str) -> Mapping[str, Any]:
    """One answer: what it is, or which error of the kernel's stands in its way."""
    try:
        return {"is": _KINDS[kind](argument)}
    except OSError as error:
        return {"errno": error.errno or 0, "why": error.strerror or str(error)}


def main() -> None:
    """Answer until nobody asks any more."""
    for line in sys.stdin:
        asked = json.loads(line)
        said = [answer(kind, argument) for kind, argument in asked["ask"]]
        sys.stdout.write(json.dumps({"number": asked["number"], "say": said}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
