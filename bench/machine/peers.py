"""The connections that applications open themselves, to their databases or other servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from bench.machine.place import Place
from bench.machine.processtree import process_tree
from bench.machine.sockets import address, sockets_of, tcp_rows

_ESTABLISHED, _LISTEN = "01", "0A"


def peers(pids: Mapping[str, int], place: Place) -> dict[str, Counter[str]]:
    """How many each process and its descendants have open now, by name and by the address that they lead to.

    Those that somebody else has opened to them aren't among them: they end at a port that is listened on.
    Unix sockets have no address at this end and aren't counted.
    """
    tables: dict[str, list[list[str]]] = {}
    counted: dict[str, Counter[str]] = {}
    for name, pid in pids.items():
        sockets = {inode for member in process_tree(pid, place) for inode in sockets_of(member, place)}
        try:
            network = place.link(f"/proc/{pid}/ns/net")
        except OSError:
            network = str(pid)
        if network not in tables:
            tables[network] = tcp_rows(pid, place)
        counted[name] = _opened(tables[network], sockets)
    return counted


def _opened(table: Sequence[Sequence[str]], sockets: Collection[str]) -> Counter[str]:
    listened = {row[1].rpartition(":")[2] for row in table if row[3] == _LISTEN}
    return Counter(
        address(row[2])
        for row in table
        if row[3] == _ESTABLISHED and row[9] in sockets and row[1].rpartition(":")[2] not in listened
    )
