"""Servers of a few lines, in threads of the test's process: each connection is served by one function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import create_server, socket

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@dataclass
class Peer:
    """A server's address, and how many requests have reached it."""

    url: str
    requests: int = 0


Serve = Callable[[Peer, socket, threading.Event], None]


@contextmanager
def peer(serve: Serve) -> Iterator[Peer]:
    """A server while the block lasts; `serve` is called with each connection, and told when that ends."""
    over = threading.Event()
    with create_server(("127.0.0.1", 0), backlog=128) as listening:
        found = Peer(f"http://127.0.0.1:{listening.getsockname()[1]}")

        def one(connection: socket) -> None:
            with connection, suppress(OSError):
                serve(found, connection, over)

        def accept() -> None:
            threads = []
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    if over.is_set():
                        connection.close()
                        break
                    threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
                    threads[-1].start()
            for thread in threads:
                thread.join()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield found
        finally:
            over.set()
            # Wakes the one that accepts.
            with suppress(OSError), socket() as last:
                last.connect(listening.getsockname())
            accepting.join()


def asked(found: Peer, connection: socket) -> bool:
    """Wait for the next request; False at the end of the connection."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            return False
        request += data
    found.requests += 1
    return True


def right(found: Peer, connection: socket, _over: threading.Event) -> None:
    while asked(found, connection):
        connection.sendall(ANSWER)


def closing(found: Peer, connection: socket, _over: threading.Event) -> None:
    """Close without a byte."""
    asked(found, connection)


def silent(found: Peer, connection: socket, over: threading.Event) -> None:
    if asked(found, connection):
        over.wait()


def streaming(found: Peer, connection: socket, over: threading.Event) -> None:
    """An answer that never ends, as fast as it is taken."""
    if asked(found, connection):
        connection.sendall(STREAM)
        while not over.is_set():
            connection.sendall(CHUNK)


def dribbling(found: Peer, connection: socket, over: threading.Event) -> None:
    """A few bytes of a head, and then one at a time."""
    if asked(found, connection):
        for byte in ANSWER[:-1]:
            connection.sendall(bytes((byte,)))
            if over.wait(0.02):
                return
        over.wait()


def telling(found: Peer, connection: socket, over: threading.Event) -> None:
    """A head, and events for ever."""
    if asked(found, connection):
        connection.sendall(EVENTS)
        while not over.wait(0.02):
            connection.sendall(b"data: x\n\n")


def turning(serve: Serve, after: int) -> Serve:
    """Right so many times in all, and then otherwise."""

    def both(found: Peer, connection: socket, over: threading.Event) -> None:
        while found.requests < after:
            if not asked(found, connection):
                return
            connection.sendall(ANSWER)
        serve(found, connection, over)

    return both
