"""Who else used this machine's CPUs between two moments of a run."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

from bench import counters
from bench.doctor.sample import Busy, cpu_of_processes
from bench.processtree import process_tree

_NAMED = 2
_WORTH_NAMING_CPUS = 0.2
_WORTH_NAMING_STEAL = 0.05


class Others:
    """What all processes have used up to a moment, to be compared with a later one."""

    def __init__(self) -> None:
        self._at_s = time.monotonic()
        self._used = cpu_of_processes()
        self._host = counters.read_host()

    def since(self, own: Iterable[int]) -> str:
        """Who has used most since then, in words; empty where nobody stands out.

        Args:
            own: process ids whose trees belong to the run.
        """
        elapsed_s = time.monotonic() - self._at_s
        ours = {pid for root in own for pid in process_tree(root)}
        busy = [
            Busy(name, process.pid, (now - self._used[process][1]) / elapsed_s)
            for process, (name, now) in cpu_of_processes().items()
            if process in self._used and process.pid not in ours
        ]
        busy = sorted((one for one in busy if one.cpus >= _WORTH_NAMING_CPUS), key=lambda one: -one.cpus)
        said = [f"{one.name} (process {one.pid}) used {one.cpus:.1f} CPUs" for one in busy[:_NAMED]]
        steal_s = counters.difference(self._host, counters.read_host()).get("steal_s", 0.0)
        taken = steal_s / elapsed_s / (psutil.cpu_count() or 1)
        if taken >= _WORTH_NAMING_STEAL:
            said.append(f"this machine's host took {taken:.0%} of it".replace("%", " %"))
        return ", ".join(said)
