"""What planted servers send: the page of the `hello` scenario in every framing, and what isn't it."""

from __future__ import annotations

BODY = b"Hello, World!"


def response(
    status: str = "200 OK", body: bytes = BODY, *, version: str = "1.1", headers: tuple[str, ...] = ()
) -> bytes:
    """A response framed by Content-Length."""
    lines = [f"HTTP/{version} {status}", "Content-Type: text/plain; charset=utf-8", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


RIGHT = response()
ANNOUNCED = response(headers=("Connection: close",))
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\n" + BODY[:5] + b"\r\n8;name=value\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"
)
ENDLESS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
SLOW_DOWN = response("302 Found", b"", headers=("Location: /slow-down",))
HTTP_10 = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + BODY
