"""The cores of a place: which of its CPUs are threads of one core, near which memory, and how fast.

Sources, below /sys/devices (https://docs.kernel.org/admin-guide/cputopology.html): a core's threads in
system/cpu/cpuN/topology/thread_siblings_list; NUMA nodes in system/node/nodeN/cpulist, which is empty for a
node of memory alone; slower cores of a hybrid Intel processor in cpu_atom/cpus; how much a core can do on Arm
in system/cpu/cpuN/cpu_capacity. CPUs that are offline, or that affinity or a cpuset withholds, are none of a
place's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.machine import kernel
from bench.machine.place import Place

_NODES = "/sys/devices/system/node"
_SLOWER = "/sys/devices/cpu_atom/cpus"
_CAPACITY = "/sys/devices/system/cpu/cpu{}/cpu_capacity"
_NODE = re.compile(r"node(\d+)")


@dataclass(frozen=True)
class Core:
    """A physical core.

    Attributes:
        cpus: those of its threads that may be used, in order.
        node: the NUMA node whose memory is near; 0 where there is one alone.
        speed: higher for faster cores of one machine; it has no unit, and is 0 for all where the kernel makes
            no difference.
    """

    cpus: tuple[int, ...]
    node: int = 0
    speed: int = 0


def cores(place: Place) -> list[Core]:
    """The cores of which a thread at least may be used, by their first one."""
    threads: dict[str, list[int]] = {}
    for cpu in place.cpus():
        threads.setdefault(kernel.siblings(place, cpu) or str(cpu), []).append(cpu)
    nodes = _nodes(place)
    slower = kernel.listed(place.text(_SLOWER))
    return [
        Core(tuple(cpus), nodes.get(cpus[0], 0), _speed(place, cpus[0], slower)) for cpus in threads.values()
    ]


def _nodes(place: Place) -> dict[int, int]:
    """The node of each CPU."""
    try:
        names = place.entries(_NODES)
    except OSError:
        return {}
    numbers = [int(match[1]) for match in map(_NODE.fullmatch, names) if match]
    return {
        cpu: number
        for number in numbers
        for cpu in kernel.listed(place.text(f"{_NODES}/node{number}/cpulist"))
    }


def _speed(place: Place, cpu: int, slower: set[int]) -> int:
    if slower:
        return int(cpu not in slower)
    return int(place.text(_CAPACITY.format(cpu)) or 0)
