"""Counters of the machine that tell whether a trial was disturbed."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def read_host() -> dict[str, float]:
    """Counters since boot, as far as this machine has them.

    steal_s: CPU seconds that the hypervisor gave to others (proc(5), /proc/stat).
    listen_overflows, listen_drops: connections refused by full accept queues in this network
    namespace (/proc/net/netstat).
    """
    return _steal() | _listen()


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was added between two readings."""
    return {name: round(after[name] - before[name], 6) for name in before.keys() & after.keys()}


def _steal() -> dict[str, float]:
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return {}
    return {"steal_s": int(fields[8]) * _TICK_S} if len(fields) > 8 else {}


def _listen() -> dict[str, float]:
    try:
        lines = [row.split() for row in Path("/proc/net/netstat").read_text().splitlines()]
    except OSError:
        return {}
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        if names[0] == "TcpExt:":
            found = dict(zip(names, values, strict=True))
            return {
                "listen_overflows": float(found["ListenOverflows"]),
                "listen_drops": float(found["ListenDrops"]),
            }
    return {}
