"""A place: a machine on which servers or load generators run, and how to run and read there.

`HERE` is this machine; another one is a subclass whose methods go there (`bench/machine/remote.py`).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import psutil

CGROUPS = "/sys/fs/cgroup"
CGROUP_ROOT_VARIABLE = "WSGI_BENCH_CGROUP_ROOT"
_COMPARISONS = 5


@dataclass(frozen=True)
class Clock:
    """A monotonic clock. Each machine's counts from a start of its own.

    Attributes:
        offset_ns: what it shows when this process's own shows 0.
        apart_ns: how long an answer of it takes, there and back; `offset_ns` is wrong by half of it at most.
    """

    offset_ns: int = 0
    apart_ns: int = field(default=0, compare=False)

    def now_ns(self) -> int:
        return time.monotonic_ns() + self.offset_ns

    def there(self, own_ns: int) -> int:
        """What it shows when this process's own shows `own_ns`."""
        return own_ns + self.offset_ns


def compare(ask: Callable[[], int]) -> Clock:
    """A clock that has to be asked, against this process's own.

    Of a few answers the quickest counts. It is taken to have been given in the middle between question and
    answer, so the offset is wrong by half of that time at most.
    """
    answers = []
    for _ in range(_COMPARISONS):
        asked = time.monotonic_ns()
        there = ask()
        heard = time.monotonic_ns()
        answers.append((heard - asked, there - (asked + heard) // 2))
    apart_ns, offset_ns = min(answers)
    return Clock(offset_ns, apart_ns)


@dataclass(frozen=True)
class About:
    """What another machine is.

    Attributes:
        number: by which it is told from others of its name; confidential.
    """

    host: str
    os: str
    kernel: str
    cpus: int
    memory_bytes: int
    number: str


@dataclass(frozen=True)
class Place:
    """This machine; a subclass for another one.

    Attributes:
        address: on which servers listen there, and where they are reached.
        root: stands before every path that is read.
        cgroups: where its cgroups are mounted.
        about: what it is, if it is another machine; None where that is read here.
    """

    address: str = "127.0.0.1"
    clock: Clock = Clock()
    root: str = ""
    cgroups: str = CGROUPS
    about: About | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether its CPUs, processes and files are another machine's."""
        return self.about is not None

    def command(self, argv: Sequence[str]) -> list[str]:
        """What this machine has to run so that `argv` runs there."""
        return list(argv)

    def cpus(self) -> tuple[int, ...]:
        """Those that may be used, in order."""
        if hasattr(os, "sched_getaffinity"):
            return tuple(sorted(os.sched_getaffinity(0)))
        return tuple(range(psutil.cpu_count() or 1))

    def free_port(self) -> int:
        """A port of `address` on which nobody listens now."""
        with socket.socket() as probe:
            probe.bind((self.address, 0))
            return int(probe.getsockname()[1])

    def read(self, path: str | PurePath) -> str:
        """The content of a file.

        Raises:
            OSError: it isn't there, or may not be read.
        """
        return Path(f"{self.root}{path}").read_text(errors="replace")

    def text(self, path: str | PurePath) -> str | None:
        """The content of a file without the blanks around it; None where it can't be read."""
        try:
            return self.read(path).strip()
        except OSError:
            return None

    def texts(self, paths: Iterable[str | PurePath]) -> list[str | None]:
        """`text` of several files: far away it takes the time of one."""
        return [self.text(path) for path in paths]

    def of_process(self, pid: int | str, file: str) -> str:
        """What the kernel says of a process (proc(5)).

        Raises:
            OSError: it isn't there, or may not be asked for.
        """
        return self.read(f"/proc/{pid}/{file}")

    def exists(self, path: str | PurePath) -> bool:
        return Path(f"{self.root}{path}").exists()

    def lives(self, pid: int) -> bool:
        """Whether a process has that number."""
        return self.exists(f"/proc/{pid}")

    def entries(self, path: str | PurePath) -> list[str]:
        """The names in a folder.

        Raises:
            OSError: it isn't there, or may not be read.
        """
        return [entry.name for entry in Path(f"{self.root}{path}").iterdir()]

    def link(self, path: str | PurePath) -> str:
        """Where a symbolic link leads, as the kernel writes it.

        Raises:
            OSError: it isn't there, or may not be read.
        """
        return str(Path(f"{self.root}{path}").readlink())

    def links(self, folder: str | PurePath) -> Mapping[str, str]:
        """Where each symbolic link in a folder leads, by its name, as far as they can be read.

        Raises:
            OSError: the folder isn't there, or may not be read.
        """
        leading = {}
        for name in self.entries(folder):
            with suppress(OSError):
                leading[name] = self.link(f"{folder}/{name}")
        return leading

    def began_ns(self, seen_ns: int, wall_ns: int) -> int:  # noqa: ARG002
        """When something began, of `clock`: where it was seen to have begun at `seen_ns`.

        Args:
            wall_ns: when that was by the place's wall clock, which is better where seeing takes long.
        """
        return seen_ns

    def open(self, path: str | PurePath) -> int:
        """A descriptor of a file that is read again and again.

        Raises:
            OSError: it isn't there, or may not be read.
        """
        return os.open(f"{self.root}{path}", os.O_RDONLY | os.O_CLOEXEC)


HERE = Place()


def servers_machine() -> Place:
    """Where the servers run, as the driver sees it.

    In a container it finds their cgroups, which are the host's, where `WSGI_BENCH_CGROUP_ROOT` says.
    """
    return Place(cgroups=os.environ.get(CGROUP_ROOT_VARIABLE, CGROUPS))
