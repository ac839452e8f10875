"""Redis answers and doesn't write, because it is full or a replica: what exists can still be used."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import redis
from werkzeug.test import Client

from apps.shortly.app import create_app
from tests.apps.conftest import Connect
from tests.redis_server import RedisServer, free_port

OLD, NEW = {"url": "http://example.com/old"}, {"url": "http://example.com/new"}


def full(control: redis.Redis) -> None:
    control.config_set("maxmemory-policy", "noeviction")
    control.config_set("maxmemory", "1")


def replica(control: redis.Redis) -> None:
    # Of nobody: it goes on with what it has.
    control.replicaof("127.0.0.1", free_port())


def without_enough_replicas(control: redis.Redis) -> None:
    control.config_set("min-replicas-to-write", "1")


def forbidden(control: redis.Redis) -> None:
    control.execute_command("ACL", "SETUSER", "default", "-@write")  # type: ignore[no-untyped-call]


WAYS = [full, replica, without_enough_replicas, forbidden]


@pytest.fixture(params=WAYS)
def client(connect: Connect, stoppable_redis: RedisServer, request: pytest.FixtureRequest) -> Client:
    """Shortly with one link, on a Redis that doesn't write any more."""
    client = connect(create_app(stoppable_redis.host, stoppable_redis.port))
    assert client.post("/", data=OLD).headers["Location"] == "/1+"
    assert client.get("/1").status_code == 302
    refuse: Callable[[redis.Redis], None] = request.param
    with stoppable_redis.client() as control:
        refuse(control)
    return client


def test_a_link_leads_on_and_the_lost_click_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/1")

    assert (answer.status_code, answer.headers["Location"]) == (302, OLD["url"])
    assert client.get("/2").status_code == 404
    (record,) = [record for record in caplog.records if record.name == "shortly"]
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("a click on 1 is not counted: ")
    assert '<dd id="clicks">1</dd>' in client.get("/1+").text


def test_a_new_link_is_refused_and_a_known_one_found(client: Client, stoppable_redis: RedisServer) -> None:
    answer = client.post("/", data=NEW)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "No new links can be stored at the moment." in answer.text
    assert client.post("/", data=OLD).headers["Location"] == "/1+"
    with stoppable_redis.client() as control:
        assert control.get("last-url-id") == "1"


def test_readiness_says_so(client: Client) -> None:
    answer = client.get("/-/ready")

    assert answer.status_code == 503
    assert "No new links can be stored at the moment." in answer.text
    assert client.get("/-/live").status_code == 200


def test_asking_for_readiness_leaves_nothing(connect: Connect, stoppable_redis: RedisServer) -> None:
    client = connect(create_app(stoppable_redis.host, stoppable_redis.port))

    assert client.get("/-/ready").status_code == 200
    with stoppable_redis.client() as control:
        assert control.dbsize() == 0
