"""What stands between the server and the application."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.wsgi import ClosingIterator

SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every response."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None) -> Any:
            return start_response(status, [*headers, *SECURITY_HEADERS], exc_info)

        return self.app(environ, start)


class StaticFiles(SharedDataMiddleware):
    """Werkzeug's `SharedDataMiddleware` for GET and HEAD only, and HEAD without the file.

    Werkzeug's own sends the file after HEAD too, and some servers pass that on as the next response.
    It also sets `Date`, which most servers add themselves: two of them are malformed.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return self.app(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None) -> Any:
            return start_response(status, [h for h in headers if h[0] != "Date"], exc_info)

        content = super().__call__(environ, start)
        if method == "HEAD":
            return ClosingIterator((), getattr(content, "close", None))
        return content
