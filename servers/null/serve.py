"""Answers every read with prebuilt bytes: what is left is the load generator's own cost.

Not a WSGI server and in no ranking: `wsgi-bench calibrate` and every run measure it to know their ceiling.

The field `Host` chooses the answer: `420-1559-differing` is a head of 420 bytes and
a body of 1,559 that differ each time. So one server, started once in whatever way, has them all.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import re
import signal
import socket
from collections.abc import Callable, Sequence
from select import EPOLLIN, epoll
from typing import NoReturn

Answer = Callable[[socket.socket], object]
"""Sends the next answer."""

_ASKED = re.compile(rb"\r\nHost: (\d+)-(\d+)-(equal|differing)\b")
_CLOSE = b"\r\nConnection: close\r\n"
_HELLO = b"Hello, World!"
_PR_SET_PDEATHSIG = 1
_TOKEN = 32
_MOST_KEPT = 256
_LINE = 64
_PAGE = (b"HTTP/1.1 200 OK", b"Content-Type: text/html; charset=utf-8")
_COOKIE = b"Set-Cookie: session=" + b"0" * _TOKEN + b"; Path=/; HttpOnly"
_numbers = itertools.count(1)


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
    # The load generator has few requests unless users keep cookies, and each read here is of a whole one.
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
                        answer = answer_to(data)
                        if len(answers) < _MOST_KEPT:
                            answers[data] = answer
                    answer(connection)
                    if _CLOSE not in data:
                        continue
            except OSError:
                pass
            del connections[fd]
            connection.close()


def answer_to(request: bytes) -> Answer:
    """What to answer to requests with these bytes."""
    close = (b"Connection: close",) if _CLOSE in request else ()
    asked = _ASKED.search(request)
    if asked is None:
        return _equal(_joined((*_PAGE, b"Content-Length: %d" % len(_HELLO), *close)) + _HELLO)
    head_bytes, body_bytes = int(asked[1]), int(asked[2])
    differing = asked[3] == b"differing"
    lines = (*_PAGE, b"Content-Length: %d" % body_bytes, *close, *((_COOKIE,) if differing else ()))
    head = _joined((*lines, *_filling(head_bytes - len(_joined(lines)))))
    body = b"x" * body_bytes
    return _differing(head, body) if differing else _equal(head + body)


def _joined(lines: Sequence[bytes]) -> bytes:
    return b"\r\n".join((*lines, b"", b""))


def _filling(size: int) -> Sequence[bytes]:
    """Fields of so many bytes together, line ends included; none where no field is so short."""
    lines: list[bytes] = []
    while size >= len(b"X-A: \r\n"):
        line = (b"X-%d: " % len(lines)).ljust(min(size, _LINE) - 2, b"x")
        lines.append(line)
        size -= len(line) + 2
    return lines


def _equal(answer: bytes) -> Answer:
    return lambda connection: connection.send(answer)


def _differing(head: bytes, body: bytes) -> Answer:
    """Another cookie and another token amid the body each time; the rest isn't copied."""
    at = head.index(b"0" * _TOKEN)
    size = min(_TOKEN, len(body))
    middle = (len(body) - size) // 2
    before, between, after = head[:at], head[at + _TOKEN :] + body[:middle], body[middle + size :]

    def send(connection: socket.socket) -> None:
        token = b"%032x" % next(_numbers)
        connection.sendmsg((before, token, between, token[_TOKEN - size :], after))

    return send


def _share(processes: int) -> None:
    """Become so many processes, all of which end with the first."""
    first = os.getpid()
    for _ in range(processes - 1):
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != first:
                os._exit(0)
            return


def main() -> None:
    _share(int(os.environ.get("PROCESSES", "1")))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The kernel deals out connections among all that listen so.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        host, _, port = os.environ["BIND"].rpartition(":")
        listener.bind((host, int(port)))
        listener.listen(1024)
        serve(listener, answer_to)


if __name__ == "__main__":
    main()
