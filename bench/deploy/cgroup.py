"""A cgroup for each server that runs as child processes: it counts every process that the server starts,
however briefly that lives and whoever collects it.

It needs the right to make a cgroup below this process's own: root has it, and whoever systemd has delegated
one to (a terminal of a desktop session, `systemd-run --user --scope`). Only the CPU counter is used: in v1
the hierarchy of `cpuacct`, in v2 a child without controllers. Neither changes how processes are scheduled.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.machine import cgroups
from bench.machine.lasting import birth, pid_namespace
from bench.machine.place import Place
from bench.machine.processtree import process_tree
from bench.model import UsageSource

_REMOVE_S = 2.0
_LOOK_S = 0.01
# Namespace of process ids, process, its start, and a number: a name that only its maker can have given.
_NAME = re.compile(r"wsgi-bench-(\d+)-(\d+)-(\d+)-\d+")
_numbers = itertools.count(1)
_OF_THE_HARNESS = 0


@dataclass(frozen=True)
class Cgroup:
    """A cgroup that this process has made.

    Attributes:
        directory: where the kernel shows it.
        source: where the driver reads its CPU time.
        limiting: those of other controllers, which limit it.
    """

    directory: Path
    source: UsageSource
    limiting: tuple[Path, ...] = ()

    @property
    def doors(self) -> tuple[Path, ...]:
        """The files that move a process into it."""
        return tuple(directory / "cgroup.procs" for directory in (self.directory, *self.limiting))

    def holds(self, pid: int) -> bool:
        """Whether a process is in it."""
        return pid in self._members()

    def remove(self) -> None:
        """End whatever is still in it, and remove it; where the kernel refuses, a later run does it."""
        until = time.monotonic() + _REMOVE_S
        while left := [folder for folder in (self.directory, *self.limiting) if folder.exists()]:
            for pid in self._members():
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            for folder in left:
                with suppress(OSError):
                    folder.rmdir()
            if not any(folder.exists() for folder in left):
                return
            if time.monotonic() > until:
                return
            time.sleep(_LOOK_S)

    def _members(self) -> list[int]:
        try:
            return list(map(int, self.doors[0].read_text().split()))
        except OSError:
            return []


def make(place: Place) -> Cgroup | None:
    """A new cgroup below this process's own; None where there are none or it may not make one."""
    directory, source = own(place)
    name = _name(next(_numbers))
    try:
        (directory / name).mkdir()
    except OSError:
        return None
    return Cgroup(directory / name, UsageSource(source.kind, f"{source.path.rstrip('/')}/{name}"))


def enable(controller: str, directory: Path, place: Place) -> None:
    """Have a cgroup of version 2 share out a controller among its children.

    But for the root none that does has processes of its own: where this process and what it has started are
    all of them, they move into a child.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint

    Raises:
        OSError: it isn't permitted, or processes of others are in it.
    """
    enabling = directory / "cgroup.subtree_control"
    if controller in enabling.read_text().split():
        return
    # The root has no type.
    if (directory / "cgroup.type").exists():
        _leave_to_children(directory, place)
    enabling.write_text(f"+{controller}")


def _leave_to_children(directory: Path, place: Place) -> None:
    inside = set(map(int, (directory / "cgroup.procs").read_text().split()))
    if inside - set(process_tree(os.getpid(), place)):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(directory))
    child = directory / _name(_OF_THE_HARNESS)
    if inside:
        child.mkdir(exist_ok=True)
    for pid in inside:
        with suppress(ProcessLookupError):
            (child / "cgroup.procs").write_text(str(pid))


def _name(number: int) -> str:
    return f"wsgi-bench-{pid_namespace()}-{os.getpid()}-{birth(os.getpid())}-{number}"


def remove_leftovers(place: Place) -> list[str]:
    """Remove the cgroups that killed runs have left below this process's own, unless a process is in them.

    Returns:
        Their names.
    """
    return [directory.name for directory in _leftovers(place) if _removed(directory)]


def _leftovers(place: Place) -> Iterator[Path]:
    directory_of_own, source = own(place)
    limiting = (Path(cgroups.mount(name, place)) / source.path.lstrip("/") for name in ("cpu", "memory"))
    for directory in (path for top in {directory_of_own, *limiting} for path in top.glob("wsgi-bench-*")):
        made = _NAME.fullmatch(directory.name)
        if made and made[1] == pid_namespace() and birth(int(made[2])) != made[3]:
            yield directory


def _removed(directory: Path) -> bool:
    try:
        directory.rmdir()
    except OSError:
        return False
    return True


def own(place: Place) -> tuple[Path, UsageSource]:
    """This process's cgroup that counts CPU time: its directory, and how `bench.machine.usage` names it."""
    mount, path = cgroups.mount("cpuacct", place), cgroups.path_of("cpuacct", place)
    # A container that sees its own cgroup as the root may be told the path on the host.
    path = path if place.exists(mount / path.lstrip("/")) else "/"
    # What it has left to its children is still its own.
    path = path.removesuffix(f"/{_name(_OF_THE_HARNESS)}") or "/"
    kind: Literal["cgroup1", "cgroup2"] = "cgroup2" if cgroups.version(place) == "v2" else "cgroup1"
    return Path(mount / path.lstrip("/")), UsageSource(kind, path)
