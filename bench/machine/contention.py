"""What the server under test has to share its CPUs with: counters, read as its window opens and closes.

Sources: cgroup v1 https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, proc(5) (/proc/stat), pressure
https://docs.kernel.org/accounting/psi.html.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from bench.machine import cgroups
from bench.machine.place import Place
from bench.model import UsageSource

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
# proc(5): of a CPU's line user, nice and system; interrupts are mostly the server's own.
_BUSY_FIELDS = slice(1, 4)
_STAT = "/proc/stat"
_READ_BYTES = 1 << 16


class Contention:
    """Counters since boot of everything on some CPUs, the server included.

    A reading takes a microsecond from the cgroups of version 1, else some ten, and then has ticks of 10 ms.

    Args:
        cpus: those of the server that nobody else of the run has; none to count nothing.
        source: the server.
        place: where it runs.
    """

    def __init__(self, cpus: Iterable[int], source: UsageSource, place: Place) -> None:
        self._cpus = tuple(cpus)
        accounts = cgroups.mount("cpuacct", place)
        # A container may see its own cgroup in this place; only the machine's has a release agent.
        whole = place.exists(accounts / "release_agent")
        self._by_tick = not whole
        busy = str(accounts / "cpuacct.usage_percpu") if whole else _STAT
        self._busy = _opened(place, busy) if self._cpus else None
        pressed = source.kind == "cgroup2"
        pressure = f"{place.cgroups}/{source.path.lstrip('/')}/cpu.pressure"
        self._pressure = _opened(place, pressure) if pressed else None

    def read(self) -> dict[str, float]:
        """As far as it can be read: `busy_s`, CPU seconds that all programs have used on these CPUs, and
        `pressure_s`, for how long a process of the server has waited for one.
        """
        found = {}
        with suppress(OSError, ValueError, IndexError):
            if self._busy is not None:
                found["busy_s"] = self._busy_s(os.pread(self._busy, _READ_BYTES, 0))
        with suppress(OSError, ValueError, IndexError):
            if self._pressure is not None:
                # some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS
                words = os.pread(self._pressure, _READ_BYTES, 0).split()
                found["pressure_s"] = int(words[4].removeprefix(b"total=")) / 1e6
        return found

    def close(self) -> None:
        for descriptor in (self._busy, self._pressure):
            if descriptor is not None:
                os.close(descriptor)

    def _busy_s(self, text: bytes) -> float:
        if not self._by_tick:
            used = text.split()
            return sum(int(used[cpu]) for cpu in self._cpus) / 1e9
        wanted = {b"cpu%d" % cpu for cpu in self._cpus}
        rows = (row.split() for row in text.splitlines() if row.startswith(b"cpu"))
        return sum(sum(map(int, row[_BUSY_FIELDS])) for row in rows if row[0] in wanted) * _TICK_S


def _opened(place: Place, path: str) -> int | None:
    try:
        return place.open(path)
    except OSError:
        return None
