"""A broken answer is of one kind, whichever of locust's clients a file's users have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path
from socket import socket

from tests.load.peers import Peer, peer
from tests.patience import HANGS_S

ROOT = Path(__file__).parents[2]
# Said, since a client could else send its next request before the connection's end has reached it.
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "cut-after-a-chunk": (CHUNKED + b"5\r\nhello\r\n", "truncated"),
    "cut-in-a-chunk": (CHUNKED + b"9\r\nhello", "truncated"),
    "bad-chunk": (CHUNKED + b"xyz\r\nhello", "malformed"),
    "cut": (OK + b"Content-Length: 9\r\n\r\nhello", "truncated"),
    "two-lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "malformed"),
    "bad-gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "malformed"),
    "closed": (b"", "closed"),
}


def broken(_found: Peer, connection: socket, _over: threading.Event) -> None:
    """Answer one request by its path, and end the connection."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        if not data:
            return
        request += data
    connection.sendall(ANSWERS[request.split(b" ", 2)[1].decode().removeprefix("/")][0])


def test_every_broken_answer_is_of_one_kind() -> None:
    file = Path(__file__).parent / "locustfiles/broken.py"
    with peer(broken) as found:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.load.locust_rows", str(file), found.url, "2", "0.5"],
            cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=HANGS_S, check=False,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in json.loads(ended.stdout.splitlines()[-1])["rows"]:
        kinds[row["endpoint"]].add(row["kind"])
    expected = {
        f"GET {client}/{name}": {kind} for name, (_, kind) in ANSWERS.items() for client in ("plain", "fast")
    }
    assert {name: kinds[name] for name in expected} == expected
