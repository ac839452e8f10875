"""Shortly's routes, methods, headers and pages."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import redis
from werkzeug.test import Client

from apps.shortly.app import MAX_FORM_BYTES, Shortly, create_app
from apps.shortly.links import LinkStore
from apps.shortly.middleware import SECURITY_HEADERS
from tests.apps.conftest import Connect

STYLE = Path(__file__).parents[2] / "apps/shortly/static/style.css"
ROUTES = ["/", "/1", "/1+", "/none", "/-/live", "/-/ready", "/static/style.css", "/static/none", "/no/such"]


@pytest.fixture
def link(links: LinkStore) -> str:
    """The short id of a link to http://example.com/target, `1`."""
    return links.create("http://example.com/target")


def test_form(client: Client) -> None:
    response = client.get("/")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert '<form action="/" method="post">' in response.text


def test_shorten_follow_details(client: Client) -> None:
    created = client.post("/", data={"url": " http://example.com/a?b=1&c=2 "})
    assert (created.status_code, created.headers["Location"]) == (303, "/1+")
    followed = client.get("/1")
    assert (followed.status_code, followed.headers["Location"]) == (302, "http://example.com/a?b=1&c=2")
    assert followed.headers["Cache-Control"] == "no-store"
    details = client.get("/1+")
    assert details.status_code == 200
    assert "http://example.com/a?b=1&amp;c=2" in details.text
    assert '<dd id="clicks">1</dd>' in details.text
    assert '<a href="/1">http://localhost/1</a>' in details.text


def test_same_url_same_id(client: Client) -> None:
    ids = [
        client.post("/", data={"url": url}).headers["Location"]
        for url in ("http://a.example", "http://b.example/", "HTTP://A.EXAMPLE:80/")
    ]
    assert ids == ["/1+", "/2+", "/1+"]


def test_head_is_not_a_click(client: Client, database: redis.Redis, link: str) -> None:
    head = client.head(f"/{link}")
    assert (head.status_code, head.data) == (302, b"")
    assert database.get(f"click-count:{link}") is None
    assert head.headers == client.get(f"/{link}").headers
    assert database.get(f"click-count:{link}") == "1"


@pytest.mark.parametrize("path", ["/zzz", "/zzz+"])
def test_unknown_id_leaves_no_trace(client: Client, database: redis.Redis, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.head(path).status_code == 404
    assert database.dbsize() == 0


@pytest.mark.parametrize(
    "path", ["/zzz", "/ZZZ", "/zzz+", "/a/b", "/favicon.ico", "/static/none", "/static/"]
)
def test_own_404_page(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert "<h1>Not found</h1>" in response.text
    assert '<a href="/">Shorten a URL</a>' in response.text


def test_slashes_are_not_merged(client: Client) -> None:
    assert client.get("/", environ_overrides={"PATH_INFO": "//1"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/", {"GET", "HEAD", "POST"}),
        ("OPTIONS", "/", {"GET", "HEAD", "POST"}),
        ("POST", "/1", {"GET", "HEAD"}),
        ("DELETE", "/1+", {"GET", "HEAD"}),
        ("POST", "/-/live", {"GET", "HEAD"}),
        ("POST", "/-/ready", {"GET", "HEAD"}),
        ("POST", "/static/style.css", {"GET", "HEAD"}),
    ],
)
def test_wrong_method(client: Client, method: str, path: str, allowed: set[str]) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == allowed
    assert "<h1>Method Not Allowed</h1>" in response.text


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.usefixtures("link")
def test_every_response(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.headers["Content-Length"] == str(len(response.data))
    for name, value in SECURITY_HEADERS:
        assert response.headers.getlist(name) == [value]
    head = client.head(path)
    assert (head.status_code, head.data) == (response.status_code, b"")
    assert set(head.headers.keys()) == set(response.headers.keys())


@pytest.mark.parametrize("path", ["/-/live", "/-/ready"])
def test_health(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    assert response.headers["Cache-Control"] == "no-store"


def test_static_file(client: Client) -> None:
    response = client.get("/static/style.css")
    assert (response.status_code, response.data) == (200, STYLE.read_bytes())
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert response.text.startswith("/* Shortly */\n")
    assert "Date" not in response.headers
    again = client.get("/static/style.css", headers={"If-None-Match": response.headers["Etag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
def test_no_file_outside_static(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_without_static(connect: Connect) -> None:
    client = connect(create_app(with_static=False))
    assert client.get("/static/style.css").status_code == 404
    assert 'href="/static/style.css"' in client.get("/").text


def test_mounted_below_a_prefix(shortly: Shortly, connect: Connect) -> None:
    client = connect(shortly)
    page = client.get("/", base_url="http://example.org/s")
    assert 'href="/s/static/style.css"' in page.text
    root = client.get("/", base_url="http://example.org/s", environ_overrides={"PATH_INFO": ""})
    assert (root.status_code, root.headers["Location"]) == (308, "http://example.org/s/")
    created = client.post("/", base_url="http://example.org/s", data={"url": "http://example.com/"})
    assert created.headers["Location"] == "/s/1+"
    details = client.get("/1+", base_url="http://example.org/s")
    assert '<a href="/s/1">http://example.org/s/1</a>' in details.text


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "must begin with"),
        ("ftp://example.com/", "must begin with"),
        ("http://[::1", "malformed"),
        ("http://example.com/\x00", "control characters"),
        ("http://user:password@example.com/", "user name or password"),
        ("http://localhost/1", "already a short one"),
        ("http://example.com/" + "a" * 2048, "longer than 2048"),
    ],
)
def test_refused_url(client: Client, database: redis.Redis, url: str, reason: str) -> None:
    response = client.post("/", data={"url": url})
    assert response.status_code == 400
    assert reason in response.text
    assert 'role="alert"' in response.text
    assert database.dbsize() == 0


def test_form_without_url(client: Client) -> None:
    assert client.post("/", data={}).status_code == 400
    assert client.post("/", data=b"{}", content_type="application/json").status_code == 400


def test_refused_url_is_escaped(client: Client) -> None:
    text = client.post("/", data={"url": '"><script>alert(1)</script>'}).text
    assert "<script>" not in text
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in text


def test_path_in_error_page_is_escaped(client: Client) -> None:
    text = client.get("/static/<script>").text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_stored_url_is_escaped(client: Client) -> None:
    client.post("/", data={"url": "http://example.com/'<b>\"&lt;"})
    text = client.get("/1+").text
    assert "<b>" not in text
    assert 'href="http://example.com/&#39;%3Cb%3E%22&amp;lt;"' in text


def test_unicode(client: Client, database: redis.Redis) -> None:
    stored = "http://xn--bcher-kva.example/%C3%BCber?q=%C3%A9"
    created = client.post("/", data={"url": "http://bücher.example/über?q=é"})
    assert created.status_code == 303
    assert database.get("url-target:1") == stored
    assert client.get("/1").headers["Location"] == stored
    details = client.get("/1+").text
    assert "http://bücher.example/über?q=é" in details
    assert "A short link to bücher.example<" in details
    assert f'href="{stored}"' in details


def test_host_that_does_not_decode(client: Client) -> None:
    client.post("/", data={"url": "http://xn--a/"})
    assert client.get("/1").headers["Location"] == "http://xn--a/"
    assert client.get("/1+").status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_form_too_large(client: Client, content_type: str) -> None:
    body = b"url=" + b"a" * MAX_FORM_BYTES
    response = client.post("/", data=body, content_type=content_type)
    assert response.status_code == 413


def test_chunked_form_too_large(client: Client) -> None:
    body = b"url=" + b"a" * MAX_FORM_BYTES
    response = client.post(
        "/",
        input_stream=BytesIO(body),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413


@pytest.mark.parametrize("host", ["", "a b", "exa<mple", "[::1", "a:b"])
def test_malformed_host_header(client: Client, link: str, host: str) -> None:
    for path in ("/", f"/{link}", f"/{link}+", "/none"):
        response = client.get(path, headers={"Host": host})
        assert response.status_code in (200, 302, 400, 404)
    assert client.post("/", data={"url": "http://example.com/"}, headers={"Host": host}).status_code in (
        303,
        400,
    )
