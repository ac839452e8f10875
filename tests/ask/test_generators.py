"""What is asked of load generators on other hosts, and what is refused before anything starts."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from bench.ask import generators
from bench.ask.generators import read_bind, read_generators, require_secret, take_secret
from bench.ask.resolution import resolve
from bench.model.errors import UsageError
from bench.model.generators import Generators
from bench.model.hostport import host_and_port, written

ROOT = Path(__file__).parents[2]
SECRET = "a secret of the test"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.5", ("10.0.0.5", 5557)),
        ("gen.example:6000", ("gen.example", 6000)),
        ("[fd00::5]:6000", ("fd00::5", 6000)),
        ("fd00::5", ("fd00::5", 5557)),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int]) -> None:
    assert host_and_port(text) == address


@pytest.mark.parametrize(
    "text", ["", ":5557", "host:port", "host:99999", "http://host", "host/path", "me@host", "a b"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(repr(text))} (is not HOST|has no port from 1)"):
        host_and_port(text)


def test_generators_are_asked_for_in_child_processes() -> None:
    flags = {"generators": 3, "bind": "127.0.0.1:0", "if_lost": "wait"}

    asked = resolve(flags, ROOT, environment={}, secret=SECRET)

    assert asked.generators is not None
    assert asked.generators.of_plan.number == 3
    assert asked.generators.of_plan.waits
    assert asked.runtime == "local"
    assert "networks of this machine" in asked.runtime_reason
    assert "--waits" in asked.generators.arguments
    assert SECRET not in " ".join(asked.generators.arguments)
    assert SECRET not in repr(asked)


@pytest.mark.parametrize(
    ("flags", "secret", "sentence"),
    [
        ({"generators": 2}, SECRET, "where do they find this host"),
        ({"bind": "127.0.0.1"}, SECRET, "say how many with --generators"),
        ({"generators": 2, "bind": "127.0.0.1"}, "", "there is none: make one by"),
        ({"generators": 2, "bind": "127.0.0.1"}, "short", "has 5 characters, fewer than 16"),
        ({"generators": 2, "bind": "0.0.0.0"}, SECRET, "it has to be a single one"),
        ({"generators": 2, "bind": "192.0.2.1"}, SECRET, "can't be listened on here"),
        ({"generators": 2, "bind": "nobody.invalid"}, SECRET, "no IPv4 address or name"),
        ({"generators": 2, "bind": "127.0.0.1:x"}, SECRET, "no IPv4 address or name"),
        ({"generators": 2, "bind": "127.0.0.1", "processes": 2}, SECRET, "each generator is one process"),
        ({"generators": 2, "bind": "127.0.0.1", "runtime": "compose"}, SECRET, "networks of this machine"),
        (
            {"generators": 2, "bind": "127.0.0.1", "target": ("x=unix:/x.sock",)},
            SECRET,
            "a unix socket can't",
        ),
        ({"generators": 0, "bind": "127.0.0.1"}, SECRET, "generators"),
        ({"if_lost": "wait"}, "", "say how many with --generators"),
    ],
)
def test_what_can_t_work_is_refused(flags: dict[str, object], secret: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence.replace("(", r"\(")):
        resolve(flags, ROOT, environment={}, secret=secret)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_target_that_is_another_one_on_each_host_is_refused(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loopback is a generator's own there, where nobody has consented to load."""
    asked: dict[str, object] = {
        "generators": 2, "bind": "10.0.0.5", "if_lost": "go-on", "processes": None,
        "client": "loop", "server": (), "target": (f"a=http://{host}:8000/",),
    }  # fmt: skip
    monkeypatch.setattr(generators, "read_bind", lambda _text: ("10.0.0.5", 5557))
    with pytest.raises(UsageError, match="the host's own"):
        read_generators(asked, "external", SECRET)
    beside = {**asked, "target": ("a=http://10.0.0.6:8000/",)}
    assert read_generators(beside, "external", SECRET) is not None


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} can't be listened on here"):
            read_bind(f"127.0.0.1:{port}")


def test_the_secret_is_taken_out_of_the_environment() -> None:
    environment = {"WSGI_BENCH_SECRET": SECRET, "PATH": "/bin"}

    assert take_secret(environment) == SECRET
    assert environment == {"PATH": "/bin"}
    assert require_secret(SECRET) == SECRET


def test_a_plan_has_no_secret() -> None:
    assert "secret" not in str(Generators(2, "127.0.0.1", 5557)).lower()


@pytest.mark.parametrize("text", ["[::1]:6379", "127.0.0.1:5557", "load.example:80"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert written(*host_and_port(text)) == text
