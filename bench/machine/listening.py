"""Where the processes of a server listen: what a configuration says of its address may not be what holds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from bench.machine.place import Place
from bench.machine.processtree import process_tree

_LISTEN = "0A"
# __SO_ACCEPTCON of linux/net.h, as /proc/net/unix has it.
_ACCEPTS = 1 << 16


def listening(pid: int, place: Place) -> list[str]:
    """The addresses on which a process and its descendants listen: "127.0.0.1:8000", or a unix socket's path.

    Those that can't be seen are left out.
    """
    sockets = {inode for member in process_tree(pid, place) for inode in _sockets(member, place)}
    if not sockets:
        return []
    return sorted({address for inode, address in _listeners(pid, place) if inode in sockets})


def _sockets(pid: int, place: Place) -> Iterator[str]:
    """The inodes of the sockets that a process has open."""
    with suppress(OSError):
        for descriptor in place.entries(f"/proc/{pid}/fd"):
            with suppress(OSError):
                kind, _, inode = place.link(f"/proc/{pid}/fd/{descriptor}").partition(":")
                if kind == "socket":
                    yield inode.strip("[]")


def _listeners(pid: int, place: Place) -> Iterator[tuple[str, str]]:
    """Inode and address of everything that listens in a process's network namespace (proc(5))."""
    for file in ("tcp", "tcp6"):
        for row in _rows(pid, f"net/{file}", place):
            if row[3] == _LISTEN:
                host, _, port = row[1].rpartition(":")
                yield row[9], f"{_host(host)}:{int(port, 16)}"
    for row in _rows(pid, "net/unix", place):
        # One without a name has no eighth column.
        if int(row[3], 16) & _ACCEPTS and len(row) > 7:
            yield row[6], row[7]


def _rows(pid: int, file: str, place: Place) -> list[list[str]]:
    try:
        return [line.split() for line in place.of_process(pid, file).splitlines()[1:]]
    except OSError:
        return []


def _host(digits: str) -> str:
    """An address out of its hexadecimal words, each in this machine's own order of bytes."""
    packed = b"".join(int(digits[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(digits), 8))
    address = ip_address(packed)
    return f"[{address}]" if address.version == 6 else str(address)
