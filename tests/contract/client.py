"""A client that sends what it is told, byte for byte, and hides nothing of the answer."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.patience import HANGS_S


@dataclass(frozen=True)
class Answer:
    """One response on a connection of its own; `body` is everything after the head, up to the end."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """A header that is there exactly once."""
        (value,) = self.all(name)
        return value

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def timeless(self) -> list[tuple[str, str]]:
        """The headers, without the times in them: the clock goes on between two requests."""
        return [(name, "" if name.lower() in ("date", "expires") else value) for name, value in self.headers]

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    url: str,
    path: str = "/",
    method: str = "GET",
    form: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and read until the server closes.

    Raises:
        OSError: no connection, or no end of the answer within `HANGS_S`.
        ConnectionError: the server closed without a whole answer.
    """
    body = urlencode(form).encode() if form is not None else b""
    type_and_length = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    with closing(connect(url)) as connection:
        connection.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n"
            f"{type_and_length if form is not None else ''}\r\n".encode()
            + body
        )
        return parse(b"".join(iter(lambda: connection.recv(65536), b"")))


def connect(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), HANGS_S)


def parse(data: bytes) -> Answer:
    """Take a response apart that an explicit Content-Length ends."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise ConnectionError(f"closed after {data!r}")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    status = re.fullmatch(r"HTTP/1\.[01] (\d{3})( .*)?", status_line)
    assert status is not None, status_line
    headers = [line.partition(":") for line in lines]
    return Answer(int(status[1]), tuple((name, value.strip()) for name, _, value in headers), body)
