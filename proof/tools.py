"""Other load generators, for comparison: wrk, and locust's own FastHttpUser."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from bench.model.errors import MachineError
from proof.machine import command
from proof.stage import USERS

NO_WRK = "wrk is not installed"
_START_S = 60.0
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Turn:
    """What one load generator reached once.

    Attributes:
        rps: answers a second.
        cpu_share: its own CPU time, as a share of one CPU.
        bytes_s: bytes a second, with those of answers that weren't whole when it ended; 0 if not known.
    """

    rps: float
    cpu_share: float
    bytes_s: float = 0.0


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def wrk(url: str, cpus: Iterable[int], *, close: bool = False, seconds: int = 1) -> Turn:
    """So many seconds of wrk with one thread."""
    header = ["-H", "Connection: close"] if close else []
    words = ["wrk", "-t1", f"-c{USERS}", f"-d{seconds}s", "--timeout", "30s", *header, f"{url}/"]
    ended = command(words, cpus, _START_S + seconds)
    return read_wrk(ended.output, ended.cpu_share)


def read_wrk(output: str, cpu_share: float) -> Turn:
    """What wrk says at its end.

    Raises:
        MachineError: it says nothing, or that answers were wrong.
    """
    found = re.search(r"^Requests/sec:\s*([\d.]+)\s+Transfer/sec:\s*([\d.]+)([KMG]?)B$", output, re.MULTILINE)
    if found is None or "Non-2xx" in output:
        raise MachineError(f"wrk's answer is not to be used:\n{output}")
    return Turn(float(found[1]), cpu_share, float(found[2]) * _UNITS[found[3]])


def fast_http_user(url: str, cpus: Iterable[int], length_s: float) -> Turn:
    """The scenarios as a plain locust file, headless, counted from when all users are there."""
    ended = command(
        [
            *(sys.executable, "-m", "locust", "-f", "bench/load/locustfile.py", "--host", url),
            *("--headless", "--users", str(USERS), "--spawn-rate", str(USERS)),
            *("--run-time", f"{length_s:g}s", "--reset-stats", "--json", "--loglevel", "ERROR"),
        ],
        cpus,
        _START_S + length_s,
        {**os.environ, "WSGI_BENCH_SCENARIO": "hello"},
    )
    endpoints = json.loads(ended.output)
    if not endpoints or endpoints[0]["num_failures"]:
        raise MachineError(f"locust got no right answers within {length_s:g} s: {ended.output[:500]}")
    found = endpoints[0]
    seconds = found["last_request_timestamp"] - found["start_time"]
    return Turn(found["num_requests"] / seconds, ended.cpu_share)
