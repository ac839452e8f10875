"""Shortly's commands and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis

from apps.shortly.settings import Settings, from_environment
from bench.machine.process import CommandFailed, run
from tests.redis_server import RedisDatabase

CHECKOUT = Path(__file__).parents[2]


def python(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run Python in the checkout and return its standard output."""
    return run(
        [sys.executable, *arguments], environment={**os.environ, **environment}, cwd=CHECKOUT, timeout_s=60
    )


def test_environment() -> None:
    assert from_environment({}) == Settings("localhost", 6379, 0, 4)
    assert from_environment({"REDIS_HOST": "", "REDIS_PORT": "", "THREADS": ""}) == Settings(
        "localhost", 6379, 0, 4
    )
    given = {"REDIS_HOST": "redis", "REDIS_PORT": "1", "REDIS_DB": "2", "THREADS": "3"}
    assert from_environment(given) == Settings("redis", 1, 2, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_PORT", "http"),
        ("REDIS_PORT", "65536"),
        ("REDIS_DB", "-1"),
        ("THREADS", "0"),
        ("THREADS", "1.5"),
    ],
)
def test_malformed_environment(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is '{value}': set it to a whole number"):
        from_environment({name: value})


def test_seed(redis_database: RedisDatabase, database: redis.Redis) -> None:
    database.set("click-count:1", 7)
    python("-m", "apps.shortly.seed", "--links", "6000", environment=redis_database.environment)
    assert database.dbsize() == 12_001
    assert database.get("last-url-id") == "6000"
    assert database.get("url-target:10") == "http://example.com/link/36"
    assert database.get("reverse-url:http://example.com/link/6000") == "4mo"
    assert database.get("click-count:1") is None


def test_wsgi_application_continues_after_the_seed(redis_database: RedisDatabase) -> None:
    python("-m", "apps.shortly.seed", "--links", "36", environment=redis_database.environment)
    code = """
from werkzeug.test import Client
from apps.shortly.wsgi import application
client = Client(application)
print(client.get("/10").headers["Location"])
print(client.post("/", data={"url": "http://example.com/link/36"}).headers["Location"])
print(client.post("/", data={"url": "http://example.com/new"}).headers["Location"])
"""
    printed = python("-c", code, environment=redis_database.environment)
    assert printed.split() == ["http://example.com/link/36", "/10+", "/11+"]


@pytest.mark.parametrize("module", ["apps.shortly", "apps.shortly.seed"])
def test_without_redis(module: str, refusing_port: int) -> None:
    port = str(refusing_port)
    with pytest.raises(CommandFailed, match="exit code 1") as failure:
        python("-m", module, environment={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": port})
    assert f"127.0.0.1:{port}" in failure.value.output
    assert "set REDIS_HOST" in failure.value.output
    assert "Traceback" not in failure.value.output


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["apps.shortly.seed", "--links", "0"], {}),
        (["apps.shortly.seed"], {"REDIS_PORT": "x"}),
        (["apps.shortly"], {"REDIS_DB": "x"}),
    ],
)
def test_wrong_usage(arguments: list[str], environment: dict[str, str]) -> None:
    with pytest.raises(CommandFailed, match="exit code 2") as failure:
        python("-m", *arguments, environment=environment)
    assert "Traceback" not in failure.value.output
