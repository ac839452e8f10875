"""The link store against a real Redis: its keys, its atomic steps, and what happens without Redis."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import redis
from werkzeug.test import Client

from apps.shortly.app import create_app
from apps.shortly.links import LinkStore, base36
from bench.machine.process import run
from tests.apps.conftest import Connect
from tests.redis_server import RedisDatabase, RedisServer

CHECKOUT = Path(__file__).parents[2]
REDIS_ROUTES = [("GET", "/1"), ("HEAD", "/1"), ("GET", "/1+"), ("GET", "/-/ready"), ("POST", "/")]

_CREATE_FROM_8_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from apps.shortly.app import create_app
from apps.shortly.settings import from_environment
s = from_environment()
links = create_app(s.redis_host, s.redis_port, redis_db=s.redis_db, threads=8).links
with ThreadPoolExecutor(8) as pool:
    print(*pool.map(links.create, ["http://example.com/one"] * 8))
"""


def test_keys(links: LinkStore, database: redis.Redis) -> None:
    assert links.create("http://example.com/") == "1"
    links.follow("1")
    assert {key: database.get(key) for key in database.scan_iter()} == {
        "reverse-url:http://example.com/": "1",
        "url-target:1": "http://example.com/",
        "last-url-id": "1",
        "click-count:1": "1",
    }


@pytest.mark.parametrize("number", [0, 35, 36, 1295, 1296, 123_456_789, 2**53 - 2])
def test_both_base36_agree(links: LinkStore, database: redis.Redis, number: int) -> None:
    database.set("last-url-id", number)
    short_id = links.create("http://example.com/")
    assert short_id == base36(number + 1)
    assert int(short_id, 36) == number + 1


def test_32_threads_create_one_link(redis_database: RedisDatabase, database: redis.Redis) -> None:
    server = redis_database.server
    links = create_app(server.host, server.port, redis_db=redis_database.number, threads=32).links
    start = Barrier(32)

    def create(_: int) -> str:
        start.wait()
        return links.create("http://example.com/one")

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(create, range(32))) == {"1"}
    assert database.get("last-url-id") == "1"
    assert database.dbsize() == 3


def test_4_processes_create_one_link(redis_database: RedisDatabase, database: redis.Redis) -> None:
    environment = {**os.environ, **redis_database.environment}

    def create(_: int) -> list[str]:
        command = [sys.executable, "-c", _CREATE_FROM_8_THREADS]
        return run(command, environment=environment, cwd=CHECKOUT, timeout_s=60).split()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(create, range(4))) == [["1"] * 8] * 4
    assert database.get("last-url-id") == "1"


def test_no_click_is_lost(links: LinkStore) -> None:
    short_id = links.create("http://example.com/")
    with ThreadPoolExecutor(8) as pool:
        targets = set(pool.map(links.follow, [short_id] * 200))
    assert targets == {"http://example.com/"}
    link = links.details(short_id)
    assert link is not None
    assert link.clicks == 200


def test_more_threads_than_connections_wait(redis_database: RedisDatabase) -> None:
    server = redis_database.server
    links = create_app(server.host, server.port, redis_db=redis_database.number, threads=1).links
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(links.create, [f"http://example.com/{n}" for n in range(64)]))) == 64


@pytest.mark.parametrize(("method", "path"), REDIS_ROUTES)
def test_redis_absent(connect: Connect, refusing_port: int, method: str, path: str) -> None:
    client = connect(create_app("127.0.0.1", refusing_port))
    response = client.open(
        path, method=method, data={"url": "http://example.com/"} if method == "POST" else None
    )
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.mimetype == "text/html"


@pytest.mark.parametrize("path", ["/", "/-/live", "/static/style.css"])
def test_pages_that_need_no_redis(connect: Connect, refusing_port: int, path: str) -> None:
    assert connect(create_app("127.0.0.1", refusing_port)).get(path).status_code == 200


def _client(connect: Connect, server: RedisServer) -> Client:
    return connect(create_app(server.host, server.port))


def test_recovers_when_redis_is_back(connect: Connect, stoppable_redis: RedisServer) -> None:
    client = _client(connect, stoppable_redis)
    assert client.post("/", data={"url": "http://example.com/"}).status_code == 303
    assert client.get("/1").status_code == 302
    stoppable_redis.stop()
    assert client.get("/1").status_code == 503
    assert client.get("/-/ready").status_code == 503
    assert client.get("/-/live").status_code == 200
    stoppable_redis.start()
    assert client.get("/-/ready").status_code == 200
    # It keeps nothing on disk and has forgotten the scripts, too.
    assert client.get("/1").status_code == 404
    assert client.post("/", data={"url": "http://example.com/"}).headers["Location"] == "/1+"


def test_restart_between_two_requests_goes_unnoticed(connect: Connect, stoppable_redis: RedisServer) -> None:
    client = _client(connect, stoppable_redis)
    assert client.get("/-/ready").status_code == 200
    stoppable_redis.stop()
    stoppable_redis.start()
    assert client.get("/-/ready").status_code == 200


def test_redis_hangs(connect: Connect, stoppable_redis: RedisServer) -> None:
    client = _client(connect, stoppable_redis)
    assert client.get("/-/ready").status_code == 200
    stoppable_redis.freeze()
    assert client.get("/-/ready").status_code == 503
    stoppable_redis.thaw()
    assert client.get("/-/ready").status_code == 200


def test_redis_refuses_to_write(connect: Connect, stoppable_redis: RedisServer) -> None:
    client = _client(connect, stoppable_redis)
    with stoppable_redis.client() as control:
        control.config_set("maxmemory", "1")
    response = client.post("/", data={"url": "http://example.com/"})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
