"""Who else used this machine's CPUs between two moments of a run."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bench.doctor.sample import Busy, busy_since, cpu_of_processes
from bench.machine import counters
from bench.machine.environment import cpu_count
from bench.machine.place import HERE, Place
from bench.machine.processtree import process_tree

_NAMED = 2
_WORTH_NAMING_CPUS = 0.2
_WORTH_NAMING_STEAL = 0.05


class Others:
    """What all processes of a place have used up to a moment, to be compared with a later one."""

    def __init__(self, place: Place = HERE) -> None:
        self._place = place
        self._at_s = time.monotonic()
        self._used = cpu_of_processes(place)
        self._host = counters.read_host(place)

    def busy(self, own: Iterable[int]) -> list[Busy]:
        """Each process that stands out by what it has used since then, the busiest first.

        Args:
            own: process ids whose trees belong to the run.
        """
        elapsed_s = time.monotonic() - self._at_s
        ours = {pid for root in own for pid in process_tree(root, self._place)}
        since = busy_since(self._used, elapsed_s, self._place)
        used = (process for process in since if process.pid not in ours)
        return [process for process in used if process.cpus >= _WORTH_NAMING_CPUS]

    def since(self, own: Iterable[int]) -> str:
        """Who has used most since then, in words; empty where nobody stands out.

        Args:
            own: process ids whose trees belong to the run.
        """
        elapsed_s = time.monotonic() - self._at_s
        said = [
            f"{process.name} (process {process.pid}) used {process.cpus:.1f} CPUs"
            for process in self.busy(own)[:_NAMED]
        ]
        steal_s = counters.difference(self._host, counters.read_host(self._place)).get("steal_s", 0.0)
        taken = steal_s / elapsed_s / cpu_count(self._place)
        if taken >= _WORTH_NAMING_STEAL:
            said.append(f"this machine's host took {taken:.0%} of it".replace("%", " %"))
        return ", ".join(said)
