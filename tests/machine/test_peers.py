"""Connections that a process has opened itself are told from those that were opened to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.machine.peers import peers
from bench.machine.place import HERE

ASKS = (
    "import socket, sys\nasked = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nasked.recv(1)\n"
)


@pytest.fixture
def asked() -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A process that has opened a connection to this one, where that leads to, and where it begins."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", ASKS, str(port)]) as child:
            accepted, (host, own_port) = server.accept()
            with accepted:
                yield child, f"127.0.0.1:{port}", f"{host}:{own_port}"
                child.kill()


def test_a_connection_is_its_own_who_opened_it(asked: tuple[subprocess.Popen[bytes], str, str]) -> None:
    child, address, begins = asked

    counted = peers({"asks": child.pid, "both": os.getpid()}, HERE)

    assert counted["asks"] == {address: 1}
    # The other end of it is this process's, whose descendant the child is.
    assert counted["both"][address] == 1
    assert begins not in counted["both"]


def test_what_is_over_is_nobodys(asked: tuple[subprocess.Popen[bytes], str, str]) -> None:
    child, _, _ = asked
    child.kill()
    child.wait()

    assert peers({"gone": child.pid}, HERE) == {"gone": {}}
