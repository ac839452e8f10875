"""Requests in one line each: what they mean, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.ask.own import own_scenario
from bench.ask.urls import MOST_BODY_BYTES
from bench.model.errors import UsageError
from bench.model.scenario import AskedRequest, AskedScenario

FORM = ("Content-Type", "application/x-www-form-urlencoded")


def asked(*urls: str, **given: Any) -> AskedScenario:
    scenario = own_scenario({"url": urls, **given})
    assert scenario is not None
    return scenario


@pytest.mark.parametrize(
    ("spec", "request_"),
    [
        ("/", AskedRequest("GET /", "/")),
        ("3*/items/7", AskedRequest("GET /items/7", "/items/7", weight=3.0)),
        ("0.5*/x?a=1&b=2", AskedRequest("GET /x?a=1&b=2", "/x?a=1&b=2", weight=0.5)),
        ("POST /cart 303", AskedRequest("POST /cart", "/cart", "POST", status=303)),
        (
            "/login 200 ~Sign in ~ now",
            AskedRequest("GET /login", "/login", status=200, contains="Sign in ~ now"),
        ),
        ("2*HEAD /~user", AskedRequest("HEAD /~user", "/~user", "HEAD", weight=2.0)),
        ("/nothing 404", AskedRequest("GET /nothing", "/nothing", status=404)),
        ("/ ~Grüße, Welt", AskedRequest("GET /", "/", contains="Grüße, Welt")),
    ],
)  # fmt: skip
def test_a_request_in_one_line(spec: str, request_: AskedRequest) -> None:
    assert asked(spec) == AskedScenario("urls", (request_,))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": ("",)}, "--url '' is not [WEIGHT*][METHOD ]PATH[ STATUS][ ~TEXT]"),
        ({"url": ("/a b c",)}, "--url '/a b c' is not [WEIGHT*]"),
        ({"url": ("POST bad",), "data": ("a", "b")}, "'POST bad'"),
        ({"url": ("POST bad",), "json_body": ("1", "2")}, "'POST bad'"),
        ({"url": ("items/7",)}, "'items/7' is no path: it begins with '/'"),
        ({"url": ("http://shop.example/",)}, "write the path alone, from its first '/' on"),
        ({"url": ("/a#b",)}, "what follows '#' is never sent"),
        ({"url": ("get /",)}, "there is no method 'get'. Known are GET, HEAD, POST"),
        ({"url": ("BREW /",)}, "there is no method 'BREW'"),
        ({"url": ("0*/",)}, "0 is no weight: it is a number above 0"),
        ({"url": ("1.2.3*/",)}, "1.2.3 is no weight"),
        ({"url": ("/ 99",)}, "99 is no status of an answer"),
        ({"url": ("/ 600",)}, "600 is no status of an answer"),
        ({"url": ("/ ~",)}, "no text stands behind '~'"),
        ({"url": ("HEAD / ~x",)}, "an answer to HEAD has no body"),
        ({"url": ("/", "GET / 200")}, "GET / is asked twice. Give it a weight instead: '2*/'"),
        ({"url": ("/",), "data": ("a=1",)}, "--data: no --url has a method with a body"),
        ({"url": ("POST /", "/x"), "data": ("a", "b")}, "--data is given 2 times, and 1 of --url"),
        ({"url": ("POST /",), "data": ("a",), "json_body": ("{}",)}, "exclude each other: a body is one"),
        ({"url": ("POST /",), "json_body": ("{a}",)}, "--json-body '{a}' is no JSON"),
        ({"url": ("POST /",), "data": ("@/nowhere/to/be/found",)}, "can't be read: No such file"),
        ({"url": ("/",), "header": ("Accept",)}, "--header 'Accept' is no header field"),
        ({"url": ("/",), "header": ("A: b\r\nC: d",)}, "is no header field"),
        ({"url": ("/",), "header": ("A: b", "a: c")}, "--header names a twice"),
        ({"url": ("/",), "header": ("Host: x",)}, "--header Host: write --host NAME."),
        ({"url": ("/",), "header": ("Content-Length: 3",)}, "the harness says it."),
        ({"url": ("/",), "host": "a b"}, "--host 'a b' is no host"),
        ({"url": ("/",), "scenarios": ("hello",)}, "--scenarios and --url exclude each other"),
        ({"data": ("a",)}, "--data goes with --url, and there is none"),
        ({"header": ("A: b",)}, "--header goes with --url or --from-access-log or --har, and there is none"),
        ({"no_cookies": True}, "--no-cookies: nothing of your own is asked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        own_scenario(given)
    assert words in str(refused.value)
    assert len(refused.value.problems) == 1


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        asked("get nowhere", "/ 1", header=("x",), host="-_-")
    assert len(refused.value.problems) == 5


def test_bodies_belong_to_the_requests_that_have_one() -> None:
    first, second, third = asked("POST /a", "/b", "PUT /c", data=("x=1", "y=2")).requests
    assert [(r.body, r.headers) for r in (first, second, third)] == [
        ("x=1", (FORM,)),
        ("", ()),
        ("y=2", (FORM,)),
    ]
    assert [r.body for r in asked("POST /a", "PATCH /b", data=("x=1",)).requests] == ["x=1", "x=1"]


def test_a_body_is_json_or_what_its_header_says() -> None:
    (request,) = asked("POST /", json_body=('{"a": [1]}',)).requests
    assert request.headers == (("Content-Type", "application/json"),)
    (request,) = asked("POST /", data=("<x/>",), header=("content-type: text/xml", "X-A: b")).requests
    assert request.headers == (("Content-Type", "text/xml"), ("X-A", "b"))


def test_a_body_comes_from_a_file_whatever_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"\xff\x00\xc3\xa4")
    (request,) = asked("POST /", data=(f"@{tmp_path / 'body'}",)).requests
    assert request.body.encode("utf-8", "surrogateescape") == b"\xff\x00\xc3\xa4"
    (tmp_path / "large").write_bytes(bytes(MOST_BODY_BYTES + 1))
    with pytest.raises(UsageError, match="more than the 1,048,576"):
        asked("POST /", data=(f"@{tmp_path / 'large'}",))


def test_options_say_what_holds_for_all() -> None:
    scenario = asked("/", "/old", host="shop.example", no_cookies=True, allow_redirect=True)
    assert (scenario.host, scenario.cookies) == ("shop.example", False)
    assert all(request.redirects for request in scenario.requests)
