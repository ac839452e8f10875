"""Answers every read with the same prebuilt bytes: what is left is the load generator's own cost.

Not a WSGI server and in no ranking: `wsgi-bench calibrate` and every run measure it to know their ceiling.
"""

from __future__ import annotations

import os
import socket
from select import EPOLLIN, epoll

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n"
_KEPT = _HEAD + b"\r\nHello, World!"
_CLOSED = _HEAD + b"Connection: close\r\n\r\nHello, World!"


def serve(listener: socket.socket) -> None:
    """Answer until killed, from one epoll loop; a request that asks for it has its connection closed."""
    listener.setblocking(False)
    listening = listener.fileno()
    events = epoll()
    events.register(listening, EPOLLIN)
    connections: dict[int, socket.socket] = {}
    while True:
        for fd, _ in events.poll():
            if fd == listening:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()] = connection
                events.register(connection.fileno(), EPOLLIN)
                continue
            connection = connections[fd]
            try:
                data = connection.recv(65536)
                if data and b"Connection: close" not in data:
                    connection.send(_KEPT)
                    continue
                if data:
                    connection.send(_CLOSED)
            except OSError:
                pass
            del connections[fd]
            connection.close()


def main() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host, _, port = os.environ["BIND"].rpartition(":")
        listener.bind((host, int(port)))
        listener.listen(1024)
        serve(listener)


if __name__ == "__main__":
    main()
