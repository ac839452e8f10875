"""The names by which a master knows its generators, and the connections that it doesn't wait for."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from bench.load.elsewhere.about import free_name
from tests.patience import HANGS_S

ROOT = Path(__file__).parents[3]
# In a process of its own: locust patches the standard library as it is imported.
LISTENING = """
import sys
from bench.load.elsewhere import sockets
from bench.load.elsewhere.keys import keys_of
sockets._HANDSHAKE_MS = 100
server = sockets.Server("127.0.0.1", 0, keys_of("a secret of this test"))
print(server.port, flush=True)
sys.stdin.read()
"""


def test_of_two_generators_none_has_the_others_name() -> None:
    """A trial's shares are kept by name: of two with one name only one would have any."""
    assert free_name("vm", ()) == "vm"
    assert free_name("vm", {"vm", "vm 3"}) == "vm 2"


def test_a_connection_that_says_nothing_is_closed() -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", LISTENING],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as master:
        assert master.stdout is not None
        port = int(master.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=HANGS_S) as silent:
            while silent.recv(100):
                pass
        master.kill()
