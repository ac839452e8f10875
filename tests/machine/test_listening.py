"""Where a process and what it has started listen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.machine.listening import listening
from bench.machine.place import HERE


def listener(family: socket.AddressFamily, address: str | tuple[str, int], opened: ExitStack) -> str:
    made = opened.enter_context(socket.socket(family))
    made.bind(address)
    made.listen()
    name = made.getsockname()
    return name if isinstance(name, str) else str(name[1])


def test_addresses_of_every_kind_are_seen(tmp_path: Path) -> None:
    before = set(listening(os.getpid(), HERE))
    with ExitStack() as opened:
        loopback = listener(socket.AF_INET, ("127.0.0.1", 0), opened)
        every = listener(socket.AF_INET, ("0.0.0.0", 0), opened)
        path = listener(socket.AF_UNIX, str(tmp_path / "x.sock"), opened)
        # Bound, but nobody is to connect to it.
        opened.enter_context(socket.socket()).bind(("127.0.0.1", 0))
        expected = {f"127.0.0.1:{loopback}", f"0.0.0.0:{every}", path}
        if socket.has_ipv6:
            expected.add(f"[::1]:{listener(socket.AF_INET6, ('::1', 0), opened)}")

        assert set(listening(os.getpid(), HERE)) - before == expected
    assert set(listening(os.getpid(), HERE)) == before


def test_a_child_s_are_seen_and_nobody_else_s() -> None:
    script = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
    script += "print(s.getsockname()[1], flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        address = f"127.0.0.1:{child.stdout.readline().strip()}"

        assert listening(child.pid, HERE) == [address]
        assert address in listening(os.getpid(), HERE)
        child.kill()


def test_a_process_that_is_gone_listens_nowhere() -> None:
    child = subprocess.Popen(["true"])
    child.wait()

    assert listening(child.pid, HERE) == []
