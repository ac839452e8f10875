"""What `--target` says of an address, and how it is put on the wire."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.analysis import analyse
from bench.ask.targets import measured_twice, read_targets
from bench.catalogue import origin
from bench.catalogue.consent import look_up
from bench.catalogue.scenarios.request import Expect, Request
from bench.model.errors import UsageError
from bench.report import FORMATS
from tests.make_suite import make_suite

# As some keyboards write it: browsers take it for the same.
WIDE = "".join(chr(ord(letter) - ord("a") + 0xFF41) for letter in "localhost")
FAULTS = {
    "x=": "names no address; write it after the name, as in NAME=http://127.0.0.1:8000",
    "x=unix:": "names no socket; write unix:/run/app.sock",
    "x=http+unix://": "names no socket; write unix:/run/app.sock",
    f"x=unix:/{'x' * 107}": "has a path of 108 bytes, and a unix socket's has 107 at most",
    "x=http://unix:/run/x.sock": "is a file; if it is a unix socket that speaks HTTP, write unix:/run/x.sock",
    "x=/run/x.sock": "is a file; if it is a unix socket that speaks HTTP, write unix:/run/x.sock",
    "x=run/x.sock": "is a file; if it is a unix socket that speaks HTTP, write unix:run/x.sock",
    "x=127.0.0.1:8000": "has no scheme; write http://127.0.0.1:8000",
    "x=localhost:8000/": "has no scheme; write http://localhost:8000",
    "x=example.test": "has no scheme; write http://example.test",
    "x=[::1]:8000": "has no scheme; write http://[::1]:8000",
    "x=//localhost:8000": "has no scheme; write http://localhost:8000",
    "x=http:/localhost:8000": "has no scheme; write http://localhost:8000",
    "x=http:localhost:8000": "has no scheme; write http://localhost:8000",
    "x=:8000": "has no scheme; write http://127.0.0.1:8000",
    "x=8000": "has no scheme; write http://127.0.0.1:8000",
    "x=::1:8000": "has no scheme; write http://127.0.0.1:8000",
    "x=https://localhost:8000": "is https, which can't be measured",
    "x=HTTPS://localhost": "is https, which can't be measured",
    "x=ws://localhost:8000": "has the scheme ws, and only http is measured",
    "x=http://": "names no host; write http://127.0.0.1:8000",
    "x=http:///": "names no host; write http://127.0.0.1:8000",
    "x=http://:8000": "names no host; write http://127.0.0.1:8000",
    "x=http://localhost:99999": "has the port 99999, and ports go from 1 to 65535; write http://localhost:8000",
    "x=http://localhost:0": "has the port 0, and ports go from 1 to 65535; write http://localhost:8000",
    "x=http://localhost:web": "has the port 'web', which is no number; write http://localhost:8000",
    "x=http://localhost:-1": "has the port '-1', which is no number",
    "x=http://localhost:٨٠": "has the port '٨٠', which is no number",
    "x=http://localhost:": "has a colon and no port; write http://localhost:8000",
    "x=http://localhost:1:2": "has more than one colon after the scheme",
    "x=http://::1": "has an IPv6 address without brackets; write http://[::1]:PORT",
    "x=http://::1:8000": "has an IPv6 address without brackets; write http://[::1]:8000",
    "x=http://2001:db8::1:8000": "has an IPv6 address without brackets; write http://[2001:db8::1]:8000",
    "x=http://[::1": "has a '[' without a ']'",
    "x=http://[localhost]:80": "has 'localhost' in brackets, which is no IPv6 address",
    "x=http://[::1]8000": "has '8000' after the host, where :PORT stands; write http://[::1]:8000",
    "x=http://[::1]:70000": "has the port 70000, and ports go from 1 to 65535; write http://[::1]:8000",
    "x=http://local host:80": "has a space or a control character in it",
    "x=http://localhost:80/a": "has a path, which would not be sent",
    "x=http://a:b@localhost:80": "has a user, which would not be sent",
}


@pytest.mark.parametrize("value", FAULTS)
def test_each_fault_of_an_address_is_named_with_what_to_write(value: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_targets([value])

    (problem,) = refused.value.problems
    assert problem.startswith(f"--target '{value}' {FAULTS[value]}")
    assert problem.endswith(".")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://127.0.0.1:8000", "has no name; write NAME=http://127.0.0.1:8000,"),
        ("=http://127.0.0.1:8000", "has no name; write NAME=http://127.0.0.1:8000,"),
        ("http://127.0.0.1:8000/?a=b", "has no name; write NAME=URL,"),
        ("x", "has no name; write NAME=URL,"),
    ],
)
def test_an_address_without_a_name_is_told_to_have_one(value: str, expected: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_targets([value])

    assert str(refused.value).startswith(f"--target '{value}' {expected}")


def test_a_host_that_cannot_be_is_told_apart_from_one_that_is_not_found() -> None:
    with pytest.raises(UsageError, match="can't be a host's name"):
        look_up("x", f"http://{'ü' * 70}.test:1", allowed=False)
    with pytest.raises(UsageError, match=r"the host of 'bücher\.invalid:1' can't be found"):
        look_up("y", "http://bücher.invalid:1", allowed=False)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("http://bücher.test:8080", "http://xn--bcher-kva.test:8080"),
        ("http://BÜCHER.test", "http://xn--bcher-kva.test"),
        ("http://straße.test:1", "http://xn--strae-oqa.test:1"),
        ("http://例え。テスト:1", "http://xn--r8jz45g.xn--zckzah:1"),
        ("http://☃.test", "http://xn--n3h.test"),
        (f"http://{WIDE}:1", "http://localhost:1"),
        ("http://my_app:8000", "http://my_app:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_host_goes_over_the_wire_as_browsers_write_it(typed: str, expected: str) -> None:
    assert origin.sent(typed) == expected


def test_what_was_typed_is_kept() -> None:
    assert read_targets([f"x=http://{WIDE}:8000/"]) == {"x": f"http://{WIDE}:8000"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://localhost:8000", "http://127.0.0.1:8000"),
        ("http://LOCALHOST:8000", f"http://{WIDE}:8000"),
    ],
)
def test_two_spellings_of_one_server_are_said_to_be_one(one: str, other: str) -> None:
    targets = {"x": one, "y": other}
    addresses = {name: look_up(name, url, allowed=False) for name, url in targets.items()}
    (sentence,) = measured_twice(targets, addresses)

    assert sentence.startswith("The targets x and y are the same server measured twice")


def test_two_servers_are_two() -> None:
    here = {"x": ("127.0.0.1",), "y": ("127.0.0.1",)}
    assert not measured_twice({"x": "http://127.0.0.1:8000", "y": "http://127.0.0.1:8001"}, here)
    assert not measured_twice({"x": "http://a.invalid:80", "y": "http://b.invalid:80"}, here)


def test_a_path_goes_over_the_wire_as_browsers_send_it() -> None:
    page = Request("page", "GET", "/käse/100%25?q=a b&c=%C3%A9[1]", Expect(200))

    head = page.encode("localhost", close=False)

    assert head.startswith(b"GET /k%C3%A4se/100%25?q=a%20b&c=%C3%A9[1] HTTP/1.1\r\n")


def test_the_twin_of_a_target_is_no_second_deployment() -> None:
    suite = make_suite({"gunicorn": 3000.0}, twin="gunicorn")
    external = replace(suite, plan=replace(suite.plan, runtime="external"))

    text = FORMATS["text"](external, analyse(external))

    assert "Twin: the same server, gunicorn, measured twice, differs by" in " ".join(text.split())
    assert "identical deployments" not in text


@pytest.mark.parametrize(
    "written",
    ["unix:/run/x.sock", "http+unix:///run/x.sock", "http+unix://%2Frun%2Fx.sock", "UNIX:/run/./x.sock"],
)
def test_a_unix_socket_is_named_by_its_path(written: str) -> None:
    (url,) = read_targets([f"x={written}"]).values()

    assert url == "unix:/run/x.sock"
    assert origin.socket_path(url) == "/run/x.sock"
    assert origin.sent(url) == "http://localhost"
    assert look_up("x", url, allowed=False) == ()


def test_two_names_of_one_socket_are_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "x.sock")
    targets = read_targets([f"a=unix:{tmp_path}/x.sock", f"b=unix:{tmp_path}/link", "c=http://localhost:1"])

    (said,) = measured_twice(targets, {"c": ("127.0.0.1",)})
    assert said.startswith("The targets a and b are the same server")
