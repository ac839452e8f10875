"""A Redis of another host: it is emptied, so it has to be empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bench.deploy.redishost import RedisHost
from bench.deploy.redisprocess import DATABASES, RedisProcess
from bench.machine.place import HERE
from bench.model.errors import StoreError


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RedisProcess]:
    with RedisProcess(tmp_path, HERE.cpus(), HERE) as process:
        yield process


def client(running: RedisProcess, database: int = 0) -> redis.Redis:
    return redis.Redis(*running.address, db=database)


def test_it_is_empty_again_afterwards(running: RedisProcess) -> None:
    with RedisHost(running.address, 3) as store, client(running, 2) as two:
        two.set("key", "value")
        assert store.address == running.address
        assert not store.how_ended()

    with client(running, 2) as two:
        assert not two.keys()


def test_one_that_holds_data_is_refused_and_keeps_it(running: RedisProcess) -> None:
    with client(running, 1) as one:
        one.set("key", "value")
        with pytest.raises(StoreError, match=r"holds data \(1 keys in db1\).* Name one that is empty"):
            RedisHost(running.address, 3).__enter__()
        assert one.get("key") == b"value"


def test_what_a_killed_run_has_left_is_no_data(running: RedisProcess) -> None:
    killed = RedisHost(running.address, 3).__enter__()
    with client(running, 1) as one:
        one.set("key", "value")

    with RedisHost(killed.address, 3):
        assert not one.keys()


def test_one_with_too_few_databases_is_refused(running: RedisProcess) -> None:
    with pytest.raises(StoreError, match="can't be used: DB index is out of range"):
        RedisHost(running.address, DATABASES).__enter__()


def test_one_that_is_not_there_is_refused() -> None:
    port = HERE.free_port()
    with pytest.raises(StoreError, match=f"Redis at 127.0.0.1:{port} can't be used: .*refused"):
        RedisHost(("127.0.0.1", port), 1).__enter__()


def test_one_that_is_gone_is_said(tmp_path: Path) -> None:
    with RedisProcess(tmp_path, HERE.cpus(), HERE) as process:
        store = RedisHost(process.address, 1).__enter__()
    assert "doesn't answer any more" in store.how_ended()
    store.__exit__(None, None, None)
