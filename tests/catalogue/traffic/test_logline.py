"""One line of a log: which formats are known, and what isn't one of them."""

from __future__ import annotations

import json
import random

import pytest

from bench.catalogue.traffic.logline import read_line

COMMON = '203.0.113.9 - ann [29/Nov/2026:12:00:00 +0000] "GET /items/7?page=2 HTTP/1.1" 200 5316'
COMBINED = f'{COMMON} "https://shop.example/" "Mozilla/5.0 (X11; Linux) \\"x\\""'
NEVER = ("", "GET", "/items/7?page=2", "200")


def said(line: str) -> tuple[str, ...] | None:
    read = read_line(line.encode())
    return read and tuple((part or b"").decode() for part in read)


@pytest.mark.parametrize(
    "line",
    [
        COMMON,
        COMBINED,
        f"{COMBINED}\r",
        f'{COMBINED} "203.0.113.9" rt=0.012 uct="0.001"',
        f"Nov 29 12:00:00 web1 nginx: {COMBINED}",
        f"<190>1 2026-11-29T12:00:00.000Z web1 nginx 812 - - {COMBINED}",
        f"web-1  | {COMBINED}",
        f"2026-11-29T12:00:00.123456789Z {COMBINED}",
        '10.0.0.1:51234 - - [29/Nov/2026:12:00:00 +0000] "GET /items/7?page=2 HTTP/1.1" 200 5316',
        '"203.0.113.9" [29/Nov/2026:12:00:00 +0000] "GET /items/7?page=2 HTTP/2.0" 200 5316',
        'INFO:     127.0.0.1:51234 - "GET /items/7?page=2 HTTP/1.1" 200 OK',
        '[29/Nov/2026 12:00:00] "GET /items/7?page=2 HTTP/1.1" 200 5316',
        "[pid: 71|app: 0|req: 1/1] 127.0.0.1 () {24 vars in 246 bytes} [Sun Nov 29 12:00:00 2026] "
        "GET /items/7?page=2 => generated 5316 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 58 bytes (1 "
        "switches on core 0)",
        json.dumps({"log": f"{COMBINED}\n", "stream": "stdout", "time": "2026-11-29T12:00:00Z"}),
        json.dumps({"levelname": "INFO", "message": '127.0.0.1:5 - "GET /items/7?page=2 HTTP/1.1" 200'}),
        json.dumps({"request": "GET /items/7?page=2 HTTP/1.1", "status": 200}),
        json.dumps({"request": "GET /items/7?page=2", "code": 200, "event": "request_finished"}),
        json.dumps({"request_method": "GET", "request_uri": "/items/7?page=2", "status": "200"}),
        json.dumps({"uri": "/index.php", "request_uri": "/items/7?page=2", "method": "GET", "status": "200"}),
        json.dumps({"method": "GET", "path": "/items/7", "query": "page=2", "status": "200 OK"}),
        json.dumps({"method": "GET", "path": "/items/7", "query_string": "?page=2", "status_code": 200.0}),
        json.dumps({"http": {"request": {"method": "GET"}, "response": {"status_code": 200}},
                    "url": {"path": "/items/7", "query": "page=2"}}),
        json.dumps({"http.request.method": "GET", "url.path": "/items/7", "url.query": "page=2",
                    "http.response.status_code": 200}),
        json.dumps({"RequestMethod": "GET", "RequestPath": "/items/7?page=2", "DownstreamStatus": 200}),
        'Nov 29 12:00:00 web1 caddy[4]: {"method":"GET","uri":"/items/7?page=2","status":200}',
        '{"agent":"\\x22x","request":"GET /items/7?page=2 HTTP/1.1","status":"200"}',
    ],
)  # fmt: skip
def test_a_usual_line_says_method_path_and_status(line: str) -> None:
    assert said(line) == NEVER


@pytest.mark.parametrize(
    ("line", "host"),
    [
        (f"shop.example:443 {COMBINED}", "shop.example"),
        (
            json.dumps(
                {
                    "logger": "http.log.access",
                    "msg": "handled request",
                    "request": {"method": "GET", "host": "shop.example", "uri": "/items/7?page=2"},
                    "status": 200,
                }
            ),
            "shop.example",
        ),
        (json.dumps({"method": "GET", "url": "https://a.example:8443/items/7?page=2", "status": 200}),
         "a.example:8443"),
    ],
)  # fmt: skip
def test_a_line_may_say_the_host(line: str, host: str) -> None:
    assert said(line) == (host, *NEVER[1:])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[2026-11-29 12:00:00 +0000] [71] [INFO] Booting worker with pid: 71",
        '203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "\\x16\\x03\\x01" 400 157 "-" "-"',
        '203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "-" 408 0 "-" "-"',
        f'203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "GET /{"a" * 2000} HTTP/1.1" 200 5',
        '{"request":"GET / HTTP/1.1"}',
        '{"request":{"method":"GET"},"status":200}',
        '{"method":"GET","path":"/","status":true}',
        '{"method":["GET"],"path":{"a":1},"status":200}',
        '{"method":"GET","path":"http://[/","status":"ok"}',
        '{"request":"GET / HTT',
        '{"method":"-","request_uri":"-","status":"400"}',
        '{"method":"GET","request_uri":"/","status":"2000"}',
        f'{{"method":"GET","request_uri":"/{"a" * 2000}","status":200}}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '["GET", "/", 200]',
        f'{{"status": {"9" * 5000}}}',
    ],
)
def test_what_says_no_request_with_its_status_is_nothing(line: str) -> None:
    assert said(line) is None


def test_whatever_stands_in_a_line_it_is_read_or_not() -> None:
    """Parts of lines in any order, and any bytes in between."""
    rng = random.Random(7)
    parts = [
        COMBINED,
        '{"',
        '"}',
        '":',
        '"status":200',
        '"request":',
        "GET ",
        ' HTTP/1.1" 200',
        "\\x",
        "\\ud800",
        "{",
        "[",
        '"',
    ]
    for _ in range(5000):
        pieces = [
            rng.choice(parts).encode() if rng.random() < 0.8 else rng.randbytes(rng.randrange(6))
            for _ in range(rng.randrange(9))
        ]
        read = read_line(b"".join(pieces))
        assert read is None or (read.status.isdigit() and read.method and read.target)
