"""A server that answers every read with the same prebuilt bytes: what is left is the generator's own cost."""

from __future__ import annotations

import socket
import sys
from select import EPOLLIN, epoll

BODY = b"Hello, World!"


def serve(listener: socket.socket, close: bool) -> None:
    """Answer until killed, from one epoll loop; with `close`, end each connection after its answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    answer = head % len(BODY) + (b"Connection: close\r\n" if close else b"") + b"\r\n" + BODY
    listener.setblocking(False)
    poll = epoll()
    poll.register(listener.fileno(), EPOLLIN)
    open_by_fd: dict[int, socket.socket] = {}
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                connection, _ = listener.accept()
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                open_by_fd[connection.fileno()] = connection
                poll.register(connection.fileno(), EPOLLIN)
                continue
            connection = open_by_fd[fd]
            try:
                if connection.recv(65536):
                    connection.send(answer)
                    if not close:
                        continue
            except OSError:
                pass
            del open_by_fd[fd]
            connection.close()


def main() -> None:
    """`python -m bench.load.null_server [close]`: prints its port, then serves on 127.0.0.1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        print(listener.getsockname()[1], flush=True)
        serve(listener, close=sys.argv[1:] == ["close"])


if __name__ == "__main__":
    main()
