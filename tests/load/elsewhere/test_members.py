"""The names by which a master knows its generators, and the connections that it doesn't wait for."""

from __future__ import annotations

import socket
from typing import cast
from unittest.mock import Mock

import pytest
from locust.runners import MasterRunner

from bench.load.elsewhere import sockets
from bench.load.elsewhere.about import About
from bench.load.elsewhere.keys import keys_of
from bench.load.elsewhere.members import Member, Members
from bench.machine.place import Clock


def test_one_that_is_back_gets_another_name_where_its_own_was_given_away() -> None:
    """A trial's shares are kept by name: of two with one name only one would have any."""
    members = Members(cast(MasterRunner, Mock()))
    first, second = (Member(i, "vm", About("vm"), Clock(), 0.0) for i in ("1", "2"))
    members.take(first)
    members.lose(first)
    members.take(second)
    members.take(first)
    assert [member.name for member in members.present.values()] == ["vm", "vm 2"]


def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_HANDSHAKE_MS", 100)
    server = sockets.Server("127.0.0.1", 0, keys_of("a secret of this test"))
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as silent:
            while silent.recv(100):
                pass
    finally:
        server.socket.context.destroy(linger=0)
