"""A server that is told to end does, by itself and wholly; one that can't start ends, too, and says why."""

from __future__ import annotations

import os
import re
import time

import psutil
import pytest

from bench.model import App, Server
from tests.contract.client import ask, connect
from tests.contract.stack import HELLO, MISSING, SHORTLY, Stack
from tests.patience import HANGS_S


def session(leader: int) -> list[int]:
    """The processes of a session."""
    found = []
    for pid in psutil.pids():
        try:
            if os.getsid(pid) == leader:
                found.append(pid)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize("app", [HELLO, SHORTLY], ids=lambda app: app.name)
def test_stop_with_a_client_that_might_go_on(stack: Stack, server: Server, app: App) -> None:
    target = stack.answering(server, app)
    with connect(target.url) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.")

        assert stack.stop(target)

    assert not stack.runtime.alive(target)
    if stack.containers is None:
        assert session(target.usage.pid) == []
        with pytest.raises(ConnectionRefusedError):
            ask(target.url)
    else:
        state = stack.containers.inspect(target.deployment)["State"]
        assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)


def test_a_callable_that_does_not_exist(stack: Stack, server: Server) -> None:
    target = stack.start(server, MISSING)
    deadline = time.monotonic() + HANGS_S
    while stack.runtime.alive(target):
        assert time.monotonic() < deadline, stack.runtime.log_tail(target)
        time.sleep(0.02)

    log = stack.runtime.log_tail(target)
    # uWSGI doesn't say which; masters report for four lines, granian's for five, that a worker has ended.
    assert re.search(r"\bmissing\b|callable not found", "\n".join(log[-6:])), log
    assert not stack.stop(target)
