"""Counters of the machine that tell whether a trial was disturbed."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def read_host() -> dict[str, float]:
    """Counters since boot, as far as this machine has them: `steal_s`, and what `read_listen` gives.

    steal_s: CPU seconds that the hypervisor gave to others (proc(5), /proc/stat).
    """
    return _steal() | read_listen()


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was added between two readings."""
    return {name: round(after[name] - before[name], 6) for name in before.keys() & after.keys()}


def _steal() -> dict[str, float]:
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return {}
    return {"steal_s": int(fields[8]) * _TICK_S} if len(fields) > 8 else {}


def read_listen(pid: int | str = "self") -> dict[str, float]:
    """Connections that full accept queues refused in the network namespace of a process.

    listen_overflows, listen_drops: as /proc/net/netstat counts them.
    """
    try:
        lines = [row.split() for row in Path(f"/proc/{pid}/net/netstat").read_text().splitlines()]
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
