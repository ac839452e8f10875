"""Counters of a machine that tell whether a trial was disturbed."""

from __future__ import annotations

import os

from bench.machine.place import Place

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def read_host(place: Place) -> dict[str, float]:
    """Counters since boot, as far as a place has them: `steal_s`, and what `read_listen` gives.

    steal_s: CPU seconds that the hypervisor gave to others (proc(5), /proc/stat).
    """
    return _steal(place) | read_listen(place)


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was added between two readings."""
    return {name: round(after[name] - before[name], 6) for name in before.keys() & after.keys()}


def _steal(place: Place) -> dict[str, float]:
    try:
        fields = place.read("/proc/stat").split("\n", 1)[0].split()
    except OSError:
        return {}
    return {"steal_s": int(fields[8]) * _TICK_S} if len(fields) > 8 else {}


def read_listen(place: Place, pid: int | str = "self") -> dict[str, float]:
    """Connections that full accept queues refused in the network namespace of a process.

    listen_overflows, listen_drops: as /proc/net/netstat counts them.
    """
    try:
        lines = [row.split() for row in place.of_process(pid, "net/netstat").splitlines()]
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


def waited_ns(place: Place) -> int:
    """How long this thread has been ready to run without a CPU (proc(5), schedstat); 0 if not known."""
    try:
        return int(place.of_process("thread-self", "schedstat").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
