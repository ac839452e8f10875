"""Answers every read with prebuilt bytes: what is left is the load generator's own cost.

Not a WSGI server and in no ranking: `wsgi-bench calibrate` and every run measure it to know their ceiling.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from select import EPOLLIN, epoll
from typing import NoReturn

from servers.application import address
from servers.null.answers import Answer, answer_to

_CLOSE = b"Connection: close"


def serve(listener: socket.socket, answer_to: Callable[[bytes], Answer]) -> NoReturn:
    """Answer until killed, from one epoll loop; a request that asks for it has its connection closed.

    Args:
        answer_to: gives what to answer to requests with these bytes.
    """
    listener.setblocking(False)
    listening = listener.fileno()
    events = epoll()
    events.register(listening, EPOLLIN)
    connections: dict[int, socket.socket] = {}
    # The load generator has few requests, and each of its reads here is a whole one.
    answers: dict[bytes, Answer] = {}
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
                if data:
                    answer = answers.get(data)
                    if answer is None:
                        answer = answers[data] = answer_to(data)
                    answer(connection)
                    if _CLOSE not in data:
                        continue
            except OSError:
                pass
            del connections[fd]
            connection.close()


def main() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address())
        listener.listen(1024)
        serve(listener, answer_to)


if __name__ == "__main__":
    main()
