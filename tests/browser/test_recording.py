"""What Chromium records of a session is what is asked again."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Literal
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Browser

from bench.catalogue.traffic import read_har

_PAGE = """<!doctype html><link rel=stylesheet href=/static/shop.css>
<form method=post action=/cart><input name=item value="7 é"><button id=buy>Buy</button></form>
<form method=post action=/login><input name=password value=p><button id=login>Log in</button></form>
<form method=post action=/note><input name=csrf_token value=c><button id=note>Note</button></form>
<script>
const headers = {"X-Requested-With": "fetch", "X-Api-Key": "k", Accept: "application/json"}
fetch("/api/items", {headers})
fetch("/api/vote", {method: "PUT", body: '{"up": true}', headers: {"Content-Type": "application/json"}})
</script>"""


class _Silent(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def _application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    fields = [("Set-Cookie", "sessionid=1; Path=/")]
    if method == "POST" or path == "/old":
        status, fields = HTTPStatus.SEE_OTHER, [*fields, ("Location", "/items/7?from=form")]
    elif path == "/favicon.ico":
        status = HTTPStatus.NOT_FOUND
    else:
        status = HTTPStatus.OK
    kind = "text/css" if path.endswith(".css") else "text/plain" if path.startswith("/api/") else "text/html"
    start_response(f"{status.value} {status.phrase}", [*fields, ("Content-Type", kind)])
    return [_PAGE.encode() if path == "/" else b"ok"]


@pytest.fixture
def shop() -> Iterator[str]:
    """Address of a small application with forms."""
    with make_server("127.0.0.1", 0, _application, handler_class=_Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("content", ["embed", "omit"])
def test_a_recorded_session_is_asked_again(
    browser: Browser, shop: str, tmp_path: Path, content: Literal["embed", "omit"]
) -> None:
    """Without contents the recording has the fields of forms, but no other bodies."""
    path = tmp_path / "session.har"
    context = browser.new_context(record_har_path=path, record_har_content=content, locale="de-DE")
    page = context.new_page()
    for form in ("#buy", "#login", "#note"):
        page.goto(f"http://{shop}/", wait_until="networkidle")
        page.click(form)
        page.wait_for_url("**/items/7?from=form")
    page.goto(f"http://{shop}/old")
    context.close()

    asked = read_har(path)

    by_name = {request.name: request for request in asked.requests}
    assert {name: request.status for name, request in by_name.items()} == {
        "/": 200,
        "/items/7?from=form": 200,
        "/api/items": 200,
        "POST /cart": 303,
        **({"PUT /api/vote": 200} if content == "embed" else {}),
    }
    assert (by_name["/"].weight, by_name["/items/7?from=form"].weight) == (3, 4)
    assert by_name["POST /cart"].body == "item=7+%C3%A9"
    assert content == "omit" or by_name["PUT /api/vote"].body == '{"up": true}'
    assert ("3 with a body that wasn't recorded" in asked.source) == (content == "omit")
    headers = dict(by_name["/api/items"].headers)
    assert (headers["Accept"], headers["X-Requested-With"]) == ("application/json", "fetch")
    assert headers["Accept-Language"].startswith("de-DE")
    assert {name for request in asked.requests for name, _ in request.headers} == {
        "Accept", "Accept-Language", "Content-Type", "X-Requested-With",
    }  # fmt: skip
    assert asked.host == shop
    assert "1 with a password or token" in asked.source
    assert "1 with a CSRF token" in asked.source
    assert "for static files" in asked.source
    assert "had cookies or Authorization, which stay behind" in asked.source
