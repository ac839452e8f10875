"""A server that forks for each connection, burns 4 ms of CPU time there, and answers with what it has burnt.

`python -m tests.deploy.forking WAY`, listening on `BIND`. The ways to be rid of the children: `waits` for
each, `ignores` them, so that the kernel forgets them, `orphans`: it forks twice, and they belong to nobody.
`daemon` waits for each as well; beside them a daemon of a session of its own holds 64 MB.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

BURNT_NS = 4_000_000
HELD_BYTES = 64_000_000


def main(way: str) -> None:
    host, _, port = os.environ["BIND"].partition(":")
    if way == "ignores":
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if way == "daemon":
        _start_daemon()
    with socket.create_server((host, int(port)), backlog=128) as listening:
        while True:
            connection, _ = listening.accept()
            with connection:
                if os.fork() == 0:
                    if way != "orphans" or os.fork() == 0:
                        _answer(connection)
                    os._exit(0)
            if way != "ignores":
                os.wait()


def _start_daemon() -> None:
    """Start it, and wait until it has its memory."""
    ready, says = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            held = bytearray(b"x") * HELD_BYTES
            os.write(says, held[:1])
            while True:
                signal.pause()
        os._exit(0)
    os.wait()
    os.read(ready, 1)


def _answer(connection: socket.socket) -> None:
    connection.recv(65536)
    while (burnt := time.process_time_ns()) < BURNT_NS:
        pass
    body = b"%d" % burnt
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


if __name__ == "__main__":
    main(sys.argv[1])
