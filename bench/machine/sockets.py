"""The sockets of processes, as the kernel lists them (proc(5))."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address

from bench.machine.place import Place

_TIME_WAIT = " 06 "


def sockets_of(pid: int, place: Place) -> Iterator[str]:
    """The inodes of the sockets that a process has open; none where they can't be seen."""
    with suppress(OSError):
        for leads in place.links(f"/proc/{pid}/fd").values():
            kind, _, inode = leads.partition(":")
            if kind == "socket":
                yield inode.strip("[]")


def tcp_rows(pid: int, place: Place) -> list[list[str]]:
    """Those of TCP, but for the thousands of ended connections that load leaves."""
    return [row for file in ("tcp", "tcp6") for row in rows(pid, f"net/{file}", place, without=_TIME_WAIT)]


def rows(pid: int, file: str, place: Place, *, without: str | None = None) -> list[list[str]]:
    """The rows of a table of a process's network namespace, such as "net/tcp", without its heading and those
    that have this text in them.
    """
    try:
        lines = place.of_process(pid, file).splitlines()[1:]
        return [line.split() for line in lines if without is None or without not in line]
    except OSError:
        return []


def address(field: str) -> str:
    """Host and port out of a table's hexadecimal digits: "127.0.0.1:8000"."""
    host, _, port = field.rpartition(":")
    return f"{_host(host)}:{int(port, 16)}"


def _host(digits: str) -> str:
    """An address out of its hexadecimal words, each in this machine's own order of bytes."""
    packed = b"".join(int(digits[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(digits), 8))
    host = ip_address(packed)
    return f"[{host}]" if host.version == 6 else str(host)
