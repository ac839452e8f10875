"""`hello` and `flask_hello` are one page."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

import pytest
from werkzeug.test import Client

import apps.flask_hello.wsgi
import apps.hello.wsgi
from tests.apps.conftest import Connect


@pytest.fixture(
    params=[apps.hello.wsgi.application, apps.flask_hello.wsgi.application], ids=["wsgi", "flask"]
)
def hello(request: pytest.FixtureRequest, connect: Connect) -> Client:
    application: WSGIApplication = request.param
    return connect(application)


def test_page(hello: Client) -> None:
    response = hello.get("/")
    assert (response.status_code, response.data) == (200, b"Hello, World!")
    assert sorted(response.headers) == [
        ("Content-Length", "13"),
        ("Content-Type", "text/plain; charset=utf-8"),
    ]


def test_head_has_the_headers_alone(hello: Client) -> None:
    response = hello.head("/")
    assert response.data == b""
    assert response.headers == hello.get("/").headers


def test_responses_share_no_state(hello: Client) -> None:
    first = hello.get("/")
    first.headers["Content-Length"] = "0"
    assert hello.get("/").headers["Content-Length"] == "13"
