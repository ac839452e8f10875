"""Starts servers whose behaviour is planted, and knows the truth about them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from bench.machine import process
from proof.machine import ROOT
from proof.planted.behaviour import Plan, Truth

_TIMEOUT_S = 10.0


@contextmanager
def planted(kind: str, **options: Any) -> Iterator[str]:
    """A server of this kind while the block lasts; its address. For the options see `Plan`."""
    plan = Plan(kind, **options)
    child = process.spawn(
        [sys.executable, "-m", "proof.planted.server", json.dumps(asdict(plan))],
        environment=os.environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=sys.__stderr__ or subprocess.DEVNULL,
    )
    assert child.stdout is not None
    with child.stdout as out:
        try:
            yield f"http://127.0.0.1:{int(out.readline())}"
        finally:
            process.stop(child, signal.SIGKILL, 0.0)


def truth(url: str) -> Truth:
    """What the server at an address has done so far; it doesn't count this request."""
    with urllib.request.urlopen(f"{url}/truth", timeout=_TIMEOUT_S) as reply:
        found = json.load(reply)
    return Truth(
        [(read, written) for read, written in found["answered"]],
        [(start, end) for start, end in found["frozen"]],
        found["opened"],
        found["closed"],
    )
