"""Where the processes of a server listen: what a configuration says of its address may not be what holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bench.machine.place import Place
from bench.machine.processtree import process_tree
from bench.machine.sockets import address, rows, sockets_of, tcp_rows

_LISTEN = "0A"
# __SO_ACCEPTCON of linux/net.h, as /proc/net/unix has it.
_ACCEPTS = 1 << 16


def listening(pid: int, place: Place) -> list[str]:
    """The addresses on which a process and its descendants listen: "127.0.0.1:8000", or a unix socket's path.

    Those that can't be seen are left out.
    """
    sockets = {inode for member in process_tree(pid, place) for inode in sockets_of(member, place)}
    if not sockets:
        return []
    return sorted({place_ for inode, place_ in _listeners(pid, place) if inode in sockets})


def able_to_accept(pids: Collection[int], place: Place) -> set[int]:
    """Those of these processes, all of one network namespace, that have a socket which listens."""
    listeners = {inode for inode, _ in _listeners(next(iter(pids)), place)} if pids else set()
    return {pid for pid in pids if not listeners.isdisjoint(sockets_of(pid, place))}


def _listeners(pid: int, place: Place) -> Iterator[tuple[str, str]]:
    """Inode and address of everything that listens in a process's network namespace."""
    for row in tcp_rows(pid, place):
        if row[3] == _LISTEN:
            yield row[9], address(row[1])
    for row in rows(pid, "net/unix", place):
        # One without a name has no eighth column.
        if int(row[3], 16) & _ACCEPTS and len(row) > 7:
            yield row[6], row[7]
