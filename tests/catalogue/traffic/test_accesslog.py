"""A log as a scenario: what is asked of it, how much that covers, and what is said where nothing is."""

from __future__ import annotations

import gzip
import json
import os
import random
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bench.catalogue.scenarios.request import Expect, Request
from bench.catalogue.traffic import accesslog, read_access_log, tally
from bench.model.errors import UsageError

LOGS = Path(__file__).parent / "logs"


def line(path: str, status: int = 200, method: str = "GET", host: str = "") -> str:
    before = f"{host}:443 " if host else ""
    return f'{before}203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "{method} {path} HTTP/1.1" {status} 5316\n'


def test_paths_that_are_all_as_rare_are_not_all_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_COUNTED", 10)
    counted = tally.Tally()
    for number in range(11):
        counted.add(tally.Seen("shop", "GET", f"/items/{number}", 200))
    assert len(counted.asked) == 5
    assert counted.left["of rarer paths"] == 6


@pytest.fixture
def log(tmp_path: Path) -> Callable[[Iterable[str]], Path]:
    """Writes a log."""

    def write(lines: Iterable[str]) -> Path:
        path = tmp_path / "access.log"
        path.write_text("".join(lines))
        return path

    return write


Log = Callable[[Iterable[str]], Path]


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as refused:
        read_access_log(path)
    [problem] = refused.value.problems
    return problem.replace(str(path), path.name)


def test_what_it_covers_is_said_in_words(log: Log) -> None:
    lines = [line("/")] * 5000 + [line("/items/7?page=2")] * 3000 + [line("/", method="HEAD")]
    lines += (
        [line("/cart", 303, "POST")] * 1804 + [line("/wp-login.php", 404)] * 220 + [line("/old", 301)] * 30
    )
    lines += (
        [line("/x", 502)] * 7 + [line("/app.CSS?v=3")] * 40 + [line("/", 200, "PROPFIND"), line("*", 200)]
    )
    lines += [line("/reset?token=abc"), "Booting\n", "\n", " \r\n", line("/", 0).replace(" 0 ", " 000 ")]

    asked = read_access_log(log(lines))

    assert asked.source == (
        "access.log: 3 paths cover 79 % of 10,106 requests; left out: 1,804 POST, 220 answered 4xx, "
        "40 for static files, 30 answered 3xx, 7 answered 5xx, 1 of other methods, 1 with no path, "
        "1 with a password or token, 1 without an answer, 1 line unreadable"
    )
    assert [(request.name, request.method, request.weight, request.status) for request in asked.requests] == [
        ("/", "GET", 5000, 200),
        ("/items/7?page=2", "GET", 3000, 200),
        ("HEAD /", "HEAD", 1, 200),
    ]
    assert (asked.name, asked.host, asked.login, asked.cookies) == ("access-log", "", (), True)


def test_a_status_is_expected_where_the_log_is_of_one_mind(log: Log) -> None:
    lines = [line("/a"), line("/a", 304), line("/a", 206), line("/a", 302), line("/b"), line("/b", 204)]
    lines += [line("/c", 204)]

    asked = read_access_log(log(lines))

    assert {request.path: (request.weight, request.status) for request in asked.requests} == {
        "/a": (3, 200),
        "/b": (2, None),
        "/c": (1, 204),
    }
    assert asked.source == "access.log: 3 paths cover 86 % of 7 requests; left out: 1 answered 3xx"


def test_one_request_is_all(log: Log) -> None:
    assert read_access_log(log([line("/").rstrip()])).source == "access.log: 1 path covers all of 1 request"


def test_neither_nothing_nor_all_is_said_of_a_part(log: Log) -> None:
    few, most = [line("/")] + [line("/x", 500)] * 999, [line("/")] * 999 + [line("/x", 500)]

    assert "1 path covers under 1 % of 1,000 requests;" in read_access_log(log(few)).source
    assert "1 path covers 99 % of 1,000 requests;" in read_access_log(log(most)).source


def test_of_several_hosts_one_is_asked(log: Log) -> None:
    lines = [line("/", host="shop.example")] * 5 + [line("/", host="blog.example")] * 3
    lines += [line("/", host="192.0.2.1")]
    path = log(lines)

    asked, meant = read_access_log(path), read_access_log(path, "blog.example")
    unknown = read_access_log(path, "other.example")

    assert (asked.host, meant.host, unknown.host) == ("shop.example", "blog.example", "shop.example")
    assert asked.source.endswith("left out: 4 to other hosts, most to blog.example")
    assert [request.weight for request in meant.requests] == [3]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (r"/a\x22b\x5C", "/a%22b%5C"),
        (r"/a\"b\\", "/a%22b%5c"),
        ('/a"b', "/a%22b"),
        ("/café?q=ü", "/caf%C3%A9?q=%C3%BC"),
        (r"/caf\xC3\xA9", "/caf%C3%A9"),
        ("/a%20b;c=1?x=[1]&y='$'", "/a%20b;c=1?x=[1]&y='$'"),
    ],
)
def test_a_path_is_sent_as_it_was(log: Log, written: str, sent: str) -> None:
    [request] = read_access_log(log([line(written)])).requests

    assert request.path == sent
    wire = Request(request.name, "GET", request.path, Expect(200)).encode("h", close=False)
    assert wire.startswith(f"GET {sent} HTTP/1.1\r\n".encode())


def test_the_most_frequent_paths_are_asked_and_named_apart(log: Log) -> None:
    long = [f"/{'x' * 100}{number}" for number in range(3)]
    lines = [line(path) for path in long] * 4 + [line(f"/{number}") for number in range(500)]

    asked = read_access_log(log(lines))

    names = [request.name for request in asked.requests]
    assert len(names) == len(set(names)) == tally.MOST_ASKED
    assert max(map(len, names)) < 90
    assert [request.path for request in asked.requests[:3]] == long
    assert asked.source == "access.log: 50 paths cover 12 % of 512 requests; left out: 453 of rarer paths"


@pytest.mark.parametrize("name", sorted(path.name for path in LOGS.iterdir()))
def test_logs_of_many_servers_say_the_same(name: str) -> None:
    """Each is of the same requests, as the server or proxy wrote it."""
    asked = read_access_log(LOGS / name)

    assert {
        (request.method, request.path.replace("%22", '"'), request.weight) for request in asked.requests
    } == {
        ("GET", "/", 2),
        ("GET", "/search?q=a%20b&page=2", 1),
        ("GET", '/a"b', 1),
        ("GET", "/caf%C3%A9", 1),
        ("HEAD", "/", 1),
    }
    assert {request.status for request in asked.requests} == {200}
    assert asked.source.partition(" unreadable")[0].startswith(
        f"{name}: 5 paths cover 55 % of 11 requests; left out: "
    )


def test_a_gzip_file_is_known_by_its_content(log: Log, tmp_path: Path) -> None:
    plain = log([line("/")] * 3)
    packed = tmp_path / "access.log.1"
    # As logs are when `cat` has put them together.
    packed.write_bytes(gzip.compress(plain.read_bytes()) * 2)

    assert [request.weight for request in read_access_log(packed).requests] == [6]


def test_a_pipe_is_read(log: Log) -> None:
    data = gzip.compress(log([line("/")] * 3).read_bytes())
    read, write = os.pipe()
    os.write(write, data)
    os.close(write)
    try:
        asked = read_access_log(Path(f"/dev/fd/{read}"))
    finally:
        os.close(read)

    assert [request.weight for request in asked.requests] == [3]


def test_lines_are_whole_wherever_a_piece_ends(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(3)
    paths = [f"/{'x' * rng.randrange(50)}" for _ in range(300)]
    path = log(map(line, paths))
    whole = read_access_log(path)

    for size in (1, 7, 64, 1000):
        monkeypatch.setattr(accesslog, "_READ", size)
        assert read_access_log(path) == whole


def test_memory_is_bounded_however_many_paths_there_are(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come again and again are counted as often as they came."""
    monkeypatch.setattr(tally, "MOST_COUNTED", 1000)
    monkeypatch.setattr(accesslog, "_READ", 1 << 14)
    rng = random.Random(5)
    often = {f"/often/{number}": 400 + 20 * number for number in range(20)}
    paths = [path for path, number in often.items() for _ in range(number)]
    paths += [f"/once/{number}?{'x' * 200}" for number in range(30_000)]
    rng.shuffle(paths)
    file = log(map(line, paths))

    tracemalloc.start()
    asked = read_access_log(file)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert {request.path: request.weight for request in asked.requests[:20]} == often
    assert f"of {len(paths):,} requests" in asked.source
    # All of them take 15 MB.
    assert most < 3_000_000


def test_a_line_without_an_end_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "core"
    with path.open("wb") as file:
        file.truncate(64 << 20)

    tracemalloc.start()
    said = refusal(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "no line has a format that is known; the first is '\\x00\\x00" in said
    assert most < 40_000_000


def test_an_unknown_format_is_shown_with_those_that_are_known(log: Log) -> None:
    said = refusal(log(["\n", "time=12:00 \x1b[31mm=GET p=/ s=200\n"] * 2))

    assert said == (
        "--from-access-log access.log: no line has a format that is known; the first is "
        "'time=12:00 \\x1b[31mm=GET p=/ s=200'. Known are common and combined (nginx, Apache, gunicorn), "
        "uWSGI's, and JSON with the method, path and status of a request in each line (nginx, gunicorn, "
        "Caddy). Have the log written in one of these, or name the requests with --url."
    )


def test_a_log_without_a_page_says_what_it_has(log: Log) -> None:
    said = refusal(log([line("/cart", 303, "POST")] * 3 + [line("/", 302), "x\n"]))

    assert said == (
        "--from-access-log access.log: nothing in it can be asked again, which takes a page that was "
        "answered 2xx to GET or HEAD; left out: 3 POST, 1 answered 3xx, 1 line unreadable. Name another log, "
        "or the requests themselves with --url."
    )


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_log_is_refused(log: Log, content: str) -> None:
    assert refusal(log([content])) == (
        "--from-access-log access.log: there is no line in it. Name a log of some traffic, or the requests "
        "themselves with --url."
    )


def test_a_damaged_gzip_file_is_refused(log: Log, tmp_path: Path) -> None:
    rng = random.Random(1)
    whole = gzip.compress(log(line(f"/{rng.random()}") for _ in range(3000)).read_bytes())
    path = tmp_path / "access.log.gz"

    for data in (whole[:-1000], whole[: len(whole) // 2] + b"\xff" * 100, whole + b"tail", whole[:3]):
        path.write_bytes(data)
        assert refusal(path).startswith(
            "--from-access-log access.log.gz: its gzip is cut short or damaged after "
        )


def test_a_file_that_cant_be_read_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.log") == (
        "--from-access-log none.log: No such file or directory. Name a log that can be read."
    )
    assert "Is a directory" in refusal(tmp_path)


def test_a_host_that_is_none_is_left_away(log: Log) -> None:
    entry = {"method": "GET", "uri": "/", "status": 200, "http_host": "a\r\nX: y"}

    assert read_access_log(log([json.dumps(entry)])).host == ""
