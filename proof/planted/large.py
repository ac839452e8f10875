"""Large answers, from a thread a connection: `sendall` neither copies the body nor keeps others waiting."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from typing import NoReturn

_REQUEST = 65536


def serve_large(listener: socket.socket, size: int) -> NoReturn:
    """Answer each request with a body of so many bytes, until killed."""
    body = b"x" * size
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_converse, args=(connection, body), daemon=True).start()


def _converse(connection: socket.socket, body: bytes) -> None:
    with connection, contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while _asked(connection):
            connection.sendall(_head(len(body)))
            connection.sendall(body)


def _asked(connection: socket.socket) -> bool:
    """Wait for the next request, which has no body; False at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        data = connection.recv(_REQUEST)
        if not data:
            return False
        head += data
    return True


def _head(size: int) -> bytes:
    number = random.getrandbits(64)
    fields = ("Content-Type: text/plain", f"X-Id: {number:016x}", f"Content-Length: {size}")
    return "\r\n".join(["HTTP/1.1 200 OK", *fields, "", ""]).encode()
