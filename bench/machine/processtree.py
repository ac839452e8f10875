"""CPU time of a process and of all that it starts, from /proc and CPU clocks, for where there is no cgroup.

A process's CPU clock has nanoseconds and includes its ended threads. What a process has collected of its
ended children (`cutime` and `cstime` of proc(5)) has ticks of 10 ms, and includes those that nobody saw.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from bench.machine.place import Place

_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
# Two counters, each cut off to a whole tick.
_ROUNDING_NS = 2 * _TICK_NS


@dataclass
class _Member:
    """A process of the tree.

    Attributes:
        stat: its /proc/PID/stat, kept open: reading it again is cheap, and never gives another process's.
        parent: who collects it; None for the root.
        began_ns: when it started, of the clock since boot.
        own_ns: its CPU clock.
        collected_ns: CPU time of the children that it has collected, theirs included.
        first_ns: `collected_ns` when it was first seen.
        ended_ns: last readings of the children that have ended since then.
        forgets: whether it ignores the end of its children: then the kernel adds their CPU time to nobody's.
    """

    stat: int
    parent: int | None
    began_ns: int
    own_ns: int
    collected_ns: int
    first_ns: int
    ended_ns: int = 0
    forgets: bool = False

    @property
    def gained_ns(self) -> int:
        return self.collected_ns - self.first_ns

    @property
    def total_ns(self) -> int:
        """Its own, and the more precise figure for what has ended below it, unless that has missed some."""
        return self.own_ns + max(self.gained_ns, self.ended_ns)


class TreeReader:
    """CPU time of a process and its descendants between two moments.

    What can't be seen is a process that ended without anybody of the tree waiting for it. Where there may
    have been one, the figure is absent.
    """

    def __init__(self, pid: int, place: Place) -> None:
        self._root = pid
        self._place = place
        self._members: dict[int, _Member] = {}
        self._lost = False
        self._began_ns = self._ended_ns = self._forks = self._total_ns = self._used_ns = 0
        self.refresh()

    def refresh(self) -> None:
        """Look for new processes, and find out what those that are gone have left."""
        tree = process_tree(self._root, self._place)
        self._read()
        for pid in tree:
            self._add(pid)
        for pid, member in self._members.items():
            member.forgets = _ignores_children(pid, self._place)
            missing = member.ended_ns - member.gained_ns
            if missing > _ROUNDING_NS:
                # Its end was never collected: what it used since its last reading is unknown.
                self._lost = True
                member.first_ns -= missing

    def begin(self) -> None:
        self._read()
        self._lost = False
        self._began_ns, self._total_ns, self._forks = _boot_ns(), self._sum(), self._forks_to_watch()

    def end(self) -> None:
        self._read()
        self._ended_ns, self._used_ns = _boot_ns(), self._sum() - self._total_ns

    def used_ns(self) -> int | None:
        unseen = self._forks_to_watch() != self._forks
        known = set(self._members)
        self.refresh()
        now = _boot_ns()
        for pid in self._members.keys() - known:
            self._used_ns += self._share(self._members[pid], now)
        return None if self._lost or unseen or self._root not in self._members else max(self._used_ns, 0)

    def close(self) -> None:
        for member in self._members.values():
            os.close(member.stat)
        self._members.clear()

    def _forks_to_watch(self) -> int:
        """Processes that this machine has started, if one that nobody sees or collects may be among them."""
        return _forks(self._place) if any(member.forgets for member in self._members.values()) else 0

    def _share(self, member: _Member, now: int) -> int:
        """What a process that was found afterwards used in counted time, as if it had always been as busy."""
        age = now - member.began_ns
        counted = self._ended_ns - max(self._began_ns, member.began_ns)
        if age <= 0 or counted <= 0:
            return 0
        return round((member.own_ns + member.collected_ns) * min(1.0, counted / age))

    def _sum(self) -> int:
        return sum(member.total_ns for member in self._members.values())

    def _read(self) -> None:
        """Read every known process again. Those that are gone leave their last reading to their parent."""
        for member in self._members.values():
            self._read_collected(member)
        gone = []
        for pid, member in self._members.items():
            try:
                member.own_ns = time.clock_gettime_ns(_cpu_clock(pid))
            except OSError:
                gone.append(pid)
        for pid in gone:
            self._leave(pid)

    def _read_collected(self, member: _Member) -> None:
        with suppress(OSError):
            member.collected_ns = _read_stat(member.stat)[2]

    def _leave(self, pid: int) -> None:
        member = self._members.pop(pid)
        os.close(member.stat)
        heir = self._members.get(member.parent) if member.parent is not None else None
        if heir is not None:
            # It may have been collected after its parent was read: that reading would lack it.
            self._read_collected(heir)
            heir.ended_ns += member.total_ns
        for other in self._members.values():
            if other.parent == pid:
                other.parent = member.parent

    def _add(self, pid: int) -> None:
        if pid in self._members:
            return
        with suppress(OSError):
            stat = self._place.open(f"/proc/{pid}/stat")
            try:
                parent, began_ns, collected_ns = _read_stat(stat)
                own_ns = time.clock_gettime_ns(_cpu_clock(pid))
            except OSError:
                os.close(stat)
                return
            parent_seen = parent if parent in self._members else None
            self._members[pid] = _Member(stat, parent_seen, began_ns, own_ns, collected_ns, collected_ns)


def process_tree(pid: int, place: Place) -> list[int]:
    """A process and its descendants, as far as they exist; parents come first."""
    if not place.lives(pid):
        return []
    if not place.exists(f"/proc/{pid}/task/{pid}/children"):
        if place.elsewhere:
            return [pid]
        try:
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        except psutil.NoSuchProcess:
            return []
    tree = [pid]
    for parent in tree:
        tree += _children(parent, place)
    return tree


def _children(pid: int, place: Place) -> list[int]:
    """The children of a process, by whichever of its threads; as far as it exists while they are read."""
    children: list[int] = []
    with suppress(OSError):
        threads = place.entries(f"/proc/{pid}/task")
        for numbers in place.texts(f"/proc/{pid}/task/{thread}/children" for thread in threads):
            children += map(int, (numbers or "").split())
    return children


def _cpu_clock(pid: int) -> int:
    """The id of a process's CPU clock: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel."""
    return (~pid << 3) | 2


def _read_stat(descriptor: int) -> tuple[int, int, int]:
    """Parent, start (since boot) and collected CPU time of a process, nanoseconds.

    Raises:
        OSError: it is gone.
    """
    # The process's name, in parentheses, may contain anything.
    fields = os.pread(descriptor, 4096, 0).rpartition(b")")[2].split()
    return int(fields[1]), int(fields[19]) * _TICK_NS, (int(fields[13]) + int(fields[14])) * _TICK_NS


def _ignores_children(pid: int, place: Place) -> bool:
    try:
        status = place.of_process(pid, "status")
    except OSError:
        return False
    ignored = next((row.split()[1] for row in status.splitlines() if row.startswith("SigIgn:")), "0")
    return bool(int(ignored, 16) >> (signal.SIGCHLD - 1) & 1)


def _forks(place: Place) -> int:
    """Processes and threads that a machine has started since boot."""
    try:
        rows = place.read("/proc/stat").splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) for row in rows if row.startswith("processes ")), 0)


def _boot_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
