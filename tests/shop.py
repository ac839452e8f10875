"""A small shop with a session login, a form with a token, and JSON; and a real server that serves it."""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from waitress import wasyncore
from waitress.server import create_server

PASSWORD = "correct horse"
WELCOME = b"<p>Welcome</p>" * 20
Answer = tuple[str, bytes, list[tuple[str, str]]]
_HTML, _JSON = "text/html", "application/json"


class Shop:
    """The WSGI application.

    Attributes:
        asked: how often each method and path was asked.
        users: of each login, whose it was.
        seen: the environ of the last request.
        with_cookies: requests that had any.
        password: of users who have another than the usual.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.users: list[str] = []
        self.seen: dict[str, Any] = {}
        self.with_cookies = 0
        self.password: dict[str, str] = {}
        self._sessions: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.asked[asked] += 1
        self.with_cookies += "HTTP_COOKIE" in environ
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.seen = {**environ, "body": body}
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        session = self._sessions.get(cookies(environ).get("sid", ""))
        status, page, headers = self._answer(asked, form, session, environ)
        kinds = [value for name, value in headers if name == "Content-Type"] or [_HTML]
        others = [pair for pair in headers if pair[0] != "Content-Type"]
        start_response(status, [("Content-Type", kinds[0]), ("Content-Length", str(len(page))), *others])
        return [page if environ["REQUEST_METHOD"] != "HEAD" else b""]

    def _answer(
        self, asked: str, form: dict[str, str], session: dict[str, str] | None, environ: dict[str, Any]
    ) -> Answer:
        match asked.split():
            case ["GET" | "HEAD", "/"]:
                return "200 OK", WELCOME, []
            case ["GET", path] if re.fullmatch(r"/items/\d+", path):
                return "200 OK", f"<h1>{path}</h1>".encode(), []
            case ["GET", "/secure"]:
                return "301 Moved Permanently", b"", [("Location", "https://shop.example/secure")]
            case ["GET", "/strict"]:
                return "400 Bad Request", b"this host isn't allowed", []
            case ["GET", "/visit"]:
                seen = "again" if "seen" in cookies(environ) else "first"
                return "200 OK", seen.encode(), [("Set-Cookie", f"seen={next(self._numbers)}; Path=/")]
            case ["GET", "/api"]:
                page = b'{"ok": true, "items": [{"id": 7}]}'
                return "200 OK", page, [("Content-Type", _JSON), ("X-Version", "3")]
            case ["POST", "/cart"]:
                return "303 See Other", b"", [("Location", "/cart")]
            case ["GET", "/login"]:
                token = str(next(self._numbers))
                self._sessions["before" + token] = {}
                page = f'Sign in <input name="csrf" value="{token}">'.encode()
                return "200 OK", page, [("Set-Cookie", f"before={token}; Path=/")]
            case ["POST", "/login"]:
                return self._log_in(form, cookies(environ).get("before", ""))
            case ["GET", "/account"] if session is not None:
                return "200 OK", f"account of {session['name']}".encode(), []
            case ["GET", "/form"] if session is not None:
                # Each form has its own, for one use: users of open load have several forms open at a time.
                token = str(next(self._numbers))
                session[f"token {token}"] = "unused"
                return "200 OK", f'<input name=token value="{token}">'.encode(), []
            case ["POST", "/buy"] if session is not None:
                right = session.pop(f"token {form.get('token')}", "") == "unused"
                return (
                    ("303 See Other", b"", [("Location", "/cart")]) if right else ("403 Forbidden", b"", [])
                )
            case [_, "/account" | "/form" | "/buy"]:
                return "302 Found", b"", [("Location", "/login?next=/account")]
            case _:
                return "404 Not Found", b"no such page", []

    def _log_in(self, form: dict[str, str], before: str) -> Answer:
        if (
            form.get("password") != self.password.get(form.get("name", ""), PASSWORD)
            or form.get("csrf") != before
            or not before
        ):
            return "200 OK", b"Wrong name or password", []
        self.users.append(form["name"])
        sid = f"s{next(self._numbers)}"
        self._sessions[sid] = {"name": form["name"]}
        return "302 Found", b"", [("Location", "/account"), ("Set-Cookie", f"sid={sid}; HttpOnly; Secure")]


def cookies(environ: dict[str, Any]) -> dict[str, str]:
    """What the field Cookie says."""
    pairs = (pair.partition("=") for pair in environ.get("HTTP_COOKIE", "").split("; "))
    return {name: value for name, equals, value in pairs if equals}


@contextmanager
def serving(application: Callable[..., Iterable[bytes]]) -> Iterator[str]:
    """A waitress that serves it while the block lasts, and its address."""
    sockets: dict[int, Any] = {}
    ended = threading.Event()
    server = create_server(application, map=sockets, host="127.0.0.1", port=0, threads=4)

    def serve() -> None:
        while not ended.is_set():
            wasyncore.poll(0.02, sockets)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        ended.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)
