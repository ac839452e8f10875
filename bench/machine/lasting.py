"""Whether the processes of a deployment are still those that it began with: workers that die and come back.

A lasting process serves, or has started one that does, and ran both when its server became ready and when
the last server of the round did, before there was any load. One that serves a single request or connection
doesn't last, and a helper that the application starts doesn't serve. A new child of the same parent takes the
place of a lasting process that ended.

Reading takes some ten microseconds a process: it is done between blocks, where no time is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.machine.listening import able_to_accept
from bench.machine.place import HERE, Place
from bench.machine.usage import members, oom_kills, throttled_s
from bench.model import UsageSource

Identity = tuple[int, int]
"""When a process started, in ticks since boot, and its number, which alone may be given to another later."""
Lives = Mapping[Identity, int]
"""Each process that lives, and the number of its parent."""


@dataclass(frozen=True)
class _Missing:
    """One that ended, and whose child it was."""

    pid: int
    parent: int


class Lasting:
    """The lasting processes among all that are seen.

    Args:
        first, ready: what lived at two moments before there was any load.

    Attributes:
        ended: how many of them have ended.
    """

    def __init__(self, first: Lives, ready: Lives) -> None:
        self.ended = 0
        self._lasting = {process: parent for process, parent in ready.items() if process in first}
        self._seen = {*first, *ready}
        self._missing: list[_Missing] = []
        # Who took the place of whom: the children of one are then those of the other.
        self._heirs: dict[int, int] = {}

    def look(self, now: Lives) -> None:
        """Count those that are gone, and find what took their places."""
        for process in self._lasting.keys() - now.keys():
            self._missing.append(_Missing(process[1], self._lasting.pop(process)))
            self.ended += 1
        # Parents come before their children.
        for process in sorted(now.keys() - self._seen):
            self._take_in(process, now[process])
        self._seen |= now.keys()

    def _take_in(self, process: Identity, parent: int) -> None:
        for missing in self._missing:
            if self._heirs.get(missing.parent, missing.parent) == parent:
                self._missing.remove(missing)
                self._heirs[missing.pid] = process[1]
                self._lasting[process] = parent
                return


class Processes:
    """The processes of one deployment in one round."""

    def __init__(self, source: UsageSource, place: Place) -> None:
        self._source = source
        self._place = place
        self._first: Lives = {}
        self._lasting: Lasting | None = None
        self._killed_before: int | None = None
        self._throttled_before: float | None = None

    def answers(self) -> None:
        """It has just answered rightly for the first time."""
        self._first = self._lives()
        self._killed_before = oom_kills(self._source, self._place)

    def ready(self) -> None:
        """All others are ready, too, and there was no load yet."""
        self._throttled_before = throttled_s(self._source, self._place)
        if self._first:
            living = self._lives()
            # An application's helper comes and goes as it likes; who ends it is none of the server's affair.
            serve = _serving(living, self._place)
            self._lasting = Lasting(
                self._first, {process: parent for process, parent in living.items() if process[1] in serve}
            )

    def look(self) -> None:
        """See who still lives."""
        if self._lasting is not None:
            self._lasting.look(self._lives())

    def _lives(self) -> Lives:
        return lives(members(self._source, self._place), self._place)

    @property
    def restarts(self) -> int | None:
        """How many lasting processes have ended; None where they can't be seen."""
        return self._lasting.ended if self._lasting is not None else None

    @property
    def oom_kills(self) -> int | None:
        """How many the kernel has killed for want of memory; None where no counter says so."""
        killed = oom_kills(self._source, self._place)
        return None if killed is None or self._killed_before is None else killed - self._killed_before

    @property
    def throttled_s(self) -> float | None:
        """For how long a quota has held them back since they were ready; None where no counter says so."""
        now, before = throttled_s(self._source, self._place), self._throttled_before
        return None if now is None or before is None else now - before


def lives(pids: Iterable[int], place: Place) -> Lives:
    """Those that live, without what has ended and was not collected yet."""
    living: dict[Identity, int] = {}
    numbers = list(pids)
    for pid, stat in zip(numbers, place.texts(f"/proc/{pid}/stat" for pid in numbers), strict=True):
        if stat:
            state, parent, start = _fields(stat)
            if state not in ("Z", "X"):
                living[int(start), pid] = int(parent)
    return living


def _serving(living: Lives, place: Place) -> set[int]:
    """Those of a server's processes that have its listening socket, and those that have started one of them;
    all, where no sockets can be seen.
    """
    parents = {pid: parent for (_, pid), parent in living.items()}
    able = able_to_accept(parents, place) or set(parents)
    for pid in tuple(able):
        while (pid := parents.get(pid, 0)) in parents:
            able.add(pid)
    return able


def serving(source: UsageSource, place: Place) -> tuple[int, int] | None:
    """How many processes of a deployment serve, and the threads of the one with most: those that have its
    listening socket, but for a master process, which has started others of them.

    Where no sockets can be seen, all that have started no other.
    """
    living = lives(members(source, place), place)
    able = _serving(living, place)
    parents = {parent for (_, pid), parent in living.items() if pid in able}
    threads = []
    for _, pid in living:
        if pid in able - parents:
            with suppress(OSError):
                threads.append(len(place.entries(f"/proc/{pid}/task")))
    return (len(threads), max(threads)) if threads else None


def birth(pid: int) -> str:
    """When a process started here, in clock ticks since boot where /proc says it; empty if it isn't there."""
    try:
        return _stat(pid, HERE)[2]
    except OSError:
        pass
    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.NoSuchProcess:
        return ""


def pid_namespace() -> str:
    """The number of the namespace that this machine's process ids belong to: "0" where it has none."""
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"


def _stat(pid: int, place: Place) -> tuple[str, str, str]:
    """State, parent and start of a process.

    Raises:
        OSError: it is gone.
    """
    return _fields(place.of_process(pid, "stat"))


def _fields(stat: str) -> tuple[str, str, str]:
    # proc(5): after the name, in parentheses, come state, parent and, as the 22nd of all, the start.
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[1], fields[19]
