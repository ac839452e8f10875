"""Redis of a local run and of docker-compose.yml: as much memory, and as few rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import yaml

from bench.deploy.redisprocess import MEMORY, RULES, RedisProcess
from bench.machine.place import HERE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with (
        RedisProcess(tmp_path_factory.mktemp("store"), [], HERE) as store,
        redis.Redis(*store.address, db=3, decode_responses=True) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "command",
    [
        "CONFIG SET maxmemory 1",
        "ACL SETUSER default +@all",
        "SHUTDOWN NOSAVE",
        "REPLICAOF NO ONE",
        "FLUSHALL",
    ],
)
def test_a_local_redis_takes_no_orders(client: redis.Redis, command: str) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command.split())  # type: ignore[no-untyped-call]


def test_a_local_redis_is_read_written_and_emptied(client: redis.Redis) -> None:
    client.set("a", "1")

    assert client.keys("*") == ["a"]
    assert client.eval("return redis.call('INCR', KEYS[1])", 1, "a") == 2
    client.flushdb()
    assert client.get("a") is None


def test_a_local_redis_refuses_to_write_when_it_is_full(client: redis.Redis) -> None:
    memory = client.info("memory")

    assert memory["maxmemory"] == 768 * 2**20
    assert memory["maxmemory_policy"] == "noeviction"


def test_the_compose_file_says_the_same() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["redis"]
    command = " ".join(service["command"])

    assert " ".join(MEMORY) in " ".join(command.split())
    assert command.endswith(f"--user default on nopass ~* &* +@all {' '.join(RULES)}")
    assert service["mem_limit"] == service["memswap_limit"] == "1g"
    assert service["restart"] == "on-failure"
