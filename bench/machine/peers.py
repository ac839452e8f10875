"""The connections that an application opens itself, to its database or another server."""

from __future__ import annotations

from collections import Counter

from bench.machine.place import Place
from bench.machine.processtree import process_tree
from bench.machine.sockets import address, rows, sockets_of

_ESTABLISHED, _LISTEN = "01", "0A"


def peers(pid: int, place: Place) -> Counter[str]:
    """How many a process and its descendants have open now, by the address that they lead to.

    Those that somebody else has opened to them aren't among them: they end at a port that is listened on.
    Unix sockets have no address at this end and aren't counted.
    """
    sockets = {inode for member in process_tree(pid, place) for inode in sockets_of(member, place)}
    table = [row for file in ("tcp", "tcp6") for row in rows(pid, f"net/{file}", place)]
    listened = {row[1].rpartition(":")[2] for row in table if row[3] == _LISTEN}
    return Counter(
        address(row[2])
        for row in table
        if row[3] == _ESTABLISHED and row[9] in sockets and row[1].rpartition(":")[2] not in listened
    )
