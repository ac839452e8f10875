"""The app `hello`, which every server must pass on unchanged."""

from __future__ import annotations

from urllib.parse import urlsplit

from bench.model import Server
from tests.contract.client import ask, connect, parse

BODY = b"Hello, World!"


def test_get(hello: str) -> None:
    answer = ask(hello)

    assert answer.status == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Length"] == "13"
    assert answer.body == BODY
    assert not answer.all("Transfer-Encoding")
    assert len(answer.all("Date")) <= 1


def test_head_is_get_without_the_body(hello: str) -> None:
    get, head = ask(hello), ask(hello, method="HEAD")

    assert (head.status, head.body) == (200, b"")
    assert head.timeless == get.timeless


def test_connections_are_kept_as_the_compose_file_says(hello: str, server: Server) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {urlsplit(hello).netloc}\r\n\r\n".encode()
    with connect(hello) as connection:
        for _ in range(3 if server.keep_alive else 1):
            connection.sendall(request)
            data = b""
            while not data.endswith(b"\r\n\r\n" + BODY):
                received = connection.recv(65536)
                assert received, data
                data += received
            assert parse(data).status == 200
        if not server.keep_alive:
            assert connection.recv(65536) == b""


def test_a_target_of_percent_escapes_arrives(hello: str) -> None:
    assert ask(hello, "/%C3%BC/%F0%9F%90%8D?q=%00%FF").status == 200
