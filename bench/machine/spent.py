"""The CPU time that every process of another machine has used, as its kernel tells (proc(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

from bench.machine.place import Place

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """A process: its number, and when it began, in ticks since boot, by which it is told from later ones."""

    pid: int
    began: int


@dataclass(frozen=True)
class Spent:
    """CPU seconds since a process began: its own, and those of the ended children that it has waited for."""

    name: str
    parent: int
    own_s: float
    collected_s: float


def spent(place: Place) -> dict[Seen, Spent]:
    """What each process has used that is there."""
    numbers = [name for name in place.entries("/proc") if name.isdecimal()]
    used = {}
    for pid, stat in zip(numbers, place.texts(f"/proc/{pid}/stat" for pid in numbers), strict=True):
        if stat:
            name, _, rest = stat.partition("(")[2].rpartition(")")
            fields = rest.split()
            user, system, children_user, children_system = (int(field) * _TICK_S for field in fields[11:15])
            used[Seen(int(pid), int(fields[19]))] = Spent(
                name, int(fields[1]), user + system, children_user + children_system
            )
    return used
