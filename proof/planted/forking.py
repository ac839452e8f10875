"""A server that forks for each connection: `python -m proof.planted.forking`, at the address in BIND.

A child burns CPU time that is known, answers the page of the `hello` scenario, and ends. `GET /truth` tells
how many children there were, and the CPU time of the server and of those that it has collected.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import time

BURN_S = 0.003
_BODY = b"Hello, World!"
_BACKLOG = 1024


def main() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    host, _, port = os.environ["BIND"].rpartition(":")
    with socket.create_server((host, int(port)), backlog=_BACKLOG) as listener:
        children = 0
        while True:
            connection, _ = listener.accept()
            with connection:
                _collect()
                used_s = _used_s()
                if os.fork() == 0:
                    with contextlib.suppress(OSError):
                        _answer(connection, {"children": children, "used_s": used_s})
                    os._exit(0)
            children += 1


def _collect() -> None:
    """Wait for the children that have ended: only then does the kernel count their CPU time here."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _used_s() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _answer(connection: socket.socket, truth: dict[str, float]) -> None:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            return
        request += data
    if request.startswith(b"GET /truth "):
        body = json.dumps(truth).encode()
    else:
        body = _BODY
        until = time.process_time() + BURN_S
        while time.process_time() < until:
            pass
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + body)


if __name__ == "__main__":
    main()
