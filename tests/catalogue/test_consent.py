"""Which addresses count as this machine's, and what is said of the others."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from bench.catalogue.consent import FLAG, beyond, look_up
from bench.model.errors import UsageError

OWN = ("127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1")
OTHERS = (
    "0.0.0.0",
    "::",
    "10.1.2.3",
    "172.17.0.2",
    "192.168.1.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%lo",
    "fd00::1",
    "2001:db8::1",
    "::ffff:10.0.0.7",
    "::ffff:0.0.0.0",
    "203.0.113.7",
    "255.255.255.255",
)


@pytest.mark.parametrize("address", OWN)
def test_loopback_needs_no_consent(address: str) -> None:
    assert beyond([address]) == ()


@pytest.mark.parametrize("address", OTHERS)
def test_every_other_address_does(address: str) -> None:
    assert beyond([address]) == (address,)


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "0", "0.0.0.0", "[::]", "[fe80::1]", "[::ffff:10.0.0.7]", "0xa000007"]
)
def test_a_host_beyond_is_refused_with_the_option_that_allows_it(host: str) -> None:
    with pytest.raises(UsageError) as refused:
        look_up("x", f"http://{host}:8000", allowed=False)

    (problem,) = refused.value.problems
    assert problem.startswith(f"--target 'x=http://{host}:8000' ")
    assert "no loopback address of this machine" in problem
    assert f"say so on the command line with {FLAG}" in problem


def test_a_host_that_may_be_tested_has_its_addresses() -> None:
    assert look_up("x", "http://10.1.2.3:8000", allowed=True) == ("10.1.2.3",)
    assert look_up("y", "http://127.0.0.1", allowed=True) == ("127.0.0.1",)


def test_one_address_of_many_that_is_beyond_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may lead here at the first look and elsewhere at the next."""

    def many(_host: str, port: int, **_options: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.7", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", many)

    with pytest.raises(UsageError, match=r"leads to 2001:db8::1, 203\.0\.113\.7, which is"):
        look_up("x", "http://sly.test", allowed=False)
    assert look_up("x", "http://sly.test", allowed=True) == ("127.0.0.1", "2001:db8::1", "203.0.113.7")
