"""What gunicorn and uWSGI write themselves, in the versions that are installed, is read."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.catalogue.traffic import read_access_log
from tests.patience import HANGS_S

BIN = Path(sys.executable).parent
APPLICATION = """
def application(environ, start_response):
    start_response("404 Not Found" if environ["PATH_INFO"] == "/gone" else "200 OK", [])
    return []
"""
COMMANDS = {
    "gunicorn": [
        "gunicorn",
        "-b",
        "fd://{fd}",
        "--no-control-socket",
        "--access-logfile",
        "access.log",
        "shop",
    ],
    "uwsgi": ["uwsgi", "--http-socket", "fd://{fd}", "--wsgi-file", "shop.py", "--logto", "access.log"],
}


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[tuple[str, int]]:
    """Address of a server that has a socket which listens already, so that nobody needs to wait for it."""
    (folder / "shop.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        words = [word.format(fd=listening.fileno()) for word in command]
        process = subprocess.Popen(
            [BIN / words[0], *words[1:]],
            cwd=folder,
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield listening.getsockname()
        finally:
            process.terminate()
            process.wait(30)


def ask(address: tuple[str, int], method: str, path: str) -> None:
    with socket.create_connection(address, timeout=HANGS_S) as connection:
        connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: shop.example\r\n\r\n".encode())
        while connection.recv(1 << 16):
            pass


@pytest.mark.parametrize("server", COMMANDS)
def test_a_servers_own_log_is_read(server: str, tmp_path: Path) -> None:
    with served(COMMANDS[server], tmp_path) as address:
        for path in ("/", "/", '/a"b?c=%20'):
            ask(address, "GET", path)
        ask(address, "POST", "/cart")
        ask(address, "HEAD", "/")
        # The line of the last one may be missing: a server that answers may not have written it yet.
        ask(address, "GET", "/gone")

    asked = read_access_log(tmp_path / "access.log")

    assert {request.name: request.weight for request in asked.requests} == {
        "/": 2,
        "/a%22b?c=%20": 1,
        "HEAD /": 1,
    }
    assert "1 POST" in asked.source
