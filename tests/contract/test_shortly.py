"""Shortly's routes through each server: what its own tests say of the app, the network must not change."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest

from apps.shortly.app import create_app
from apps.shortly.middleware import SECURITY_HEADERS
from tests.contract.client import Answer, ask
from tests.contract.stack import ROOT

STYLE = Path(ROOT, "apps/shortly/static/style.css").read_bytes()
EXAMPLES = {
    "home": "/",
    "live": "/-/live",
    "ready": "/-/ready",
    "static": "/static/style.css",
    "follow": "/{id}",
    "details": "/{id}+",
}


def shorten(url: str, target: str) -> str:
    """Create a link; return its path."""
    created = ask(url, method="POST", form={"url": target})
    assert created.status == 303, created
    details = created["Location"]
    assert re.fullmatch(r"/[0-9a-z]+\+", details)
    return details.removesuffix("+")


def fresh() -> str:
    """A target that was never shortened before."""
    return f"http://example.com/{uuid4()}?a=1&b=2"


def clicks(details: Answer) -> int:
    found = re.search(r'<dd id="clicks">(\d+)</dd>', details.text)
    assert found is not None, details
    return int(found[1])


def test_every_route_has_an_example() -> None:
    assert {rule.endpoint for rule in create_app().url_map.iter_rules()} == EXAMPLES.keys()


@pytest.mark.parametrize("endpoint", EXAMPLES)
def test_route(shortly: str, endpoint: str) -> None:
    path = EXAMPLES[endpoint].format(id=shorten(shortly, fresh()).strip("/"))
    answer, head = ask(shortly, path), ask(shortly, path, "HEAD")

    assert answer.status == (302 if endpoint == "follow" else 200)
    assert int(answer["Content-Length"]) == len(answer.body) > 0
    for name, value in SECURITY_HEADERS:
        assert answer[name] == value
    assert (head.status, head.body) == (answer.status, b"")
    assert head.timeless == answer.timeless


def test_form(shortly: str) -> None:
    answer = ask(shortly)

    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert '<form action="/" method="post">' in answer.text


def test_create_follow_details(shortly: str) -> None:
    target = fresh()
    path = shorten(shortly, target)
    assert shorten(shortly, target) == path
    before = ask(shortly, path + "+")
    head = ask(shortly, path, "HEAD")
    assert clicks(ask(shortly, path + "+")) == clicks(before) == 0
    followed = ask(shortly, path)
    after = ask(shortly, path + "+")

    for answer in (head, followed):
        assert (answer.status, answer["Location"]) == (302, target)
        assert answer["Cache-Control"] == "no-store"
    assert clicks(after) == 1
    assert target in unescape(after.text)
    assert f">{shortly}{path}</a>" in after.text


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("http://bücher.example/", "http://xn--bcher-kva.example/", "http://bücher.example/"),
        (
            "https://例え.テスト/道/𝄞?q=ü&r=a b#ß".replace(" ", "+"),
            "https://xn--r8jz45g.xn--zckzah/%E9%81%93/%F0%9D%84%9E?q=%C3%BC&r=a+b#%C3%9F",
            "https://例え.テスト/道/𝄞?q=ü&r=a+b#ß",
        ),
        ("http://straße.example:80/%c3%a9", "http://xn--strae-oqa.example/%C3%A9", "http://straße.example/é"),
    ],
    ids=["host", "everything", "sharp-s"],
)
def test_unicode(shortly: str, typed: str, stored: str, shown: str) -> None:
    path = shorten(shortly, typed)

    assert ask(shortly, path)["Location"] == stored
    assert shown in unescape(ask(shortly, path + "+").text)
    assert shorten(shortly, stored) == path


def test_a_refused_url_is_shown_again_with_the_reason(shortly: str) -> None:
    answer = ask(shortly, method="POST", form={"url": "http://[ü<"})

    assert answer.status == 400
    assert "http://[ü<" in unescape(answer.text)
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("path", ["/zzzzzzzzzzzz", "/zzzzzzzzzzzz+", "/no/such", "/static/none", "/%C3%BC"])
def test_not_found(shortly: str, path: str) -> None:
    answer = ask(shortly, path)

    assert answer.status == 404
    assert "<h1>Not found</h1>" in answer.text
    assert ask(shortly, path, "HEAD").body == b""


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/", {"GET", "HEAD", "POST"}),
        ("DELETE", "/1", {"GET", "HEAD"}),
        ("POST", "/1+", {"GET", "HEAD"}),
        ("POST", "/-/live", {"GET", "HEAD"}),
        ("POST", "/-/ready", {"GET", "HEAD"}),
        ("POST", "/static/style.css", {"GET", "HEAD"}),
    ],
)
def test_method_not_allowed(shortly: str, method: str, path: str, allowed: set[str]) -> None:
    answer = ask(shortly, path, method, form={"url": "http://example.com/"})

    assert answer.status == 405
    assert set(answer["Allow"].split(", ")) == allowed


def test_static_file(shortly: str) -> None:
    answer = ask(shortly, "/static/style.css")

    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer.body == STYLE
    assert ask(shortly, "/static/../app.py").status == 404
