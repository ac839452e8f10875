"""Shortly on an empty Redis database, checked against PEP 3333 at every call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

import pytest
import redis
from werkzeug.test import Client

from apps.shortly.app import Shortly, create_app
from apps.shortly.links import LinkStore
from tests.redis_server import RedisDatabase, redis_database, redis_server, stoppable_redis

__all__ = ["redis_database", "redis_server", "stoppable_redis"]

Connect = Callable[[WSGIApplication], Client]


class ClosingClient(Client):
    """Reads each response to its end and closes it, as PEP 3333 demands of a server."""

    def run_wsgi_app(self, environ: WSGIEnvironment, buffered: bool = False) -> Any:  # noqa: ARG002
        return super().run_wsgi_app(environ, buffered=True)


@pytest.fixture
def connect() -> Connect:
    """Turns an application into a client that fails when either side breaks PEP 3333."""
    return lambda app: ClosingClient(validator(app))


@pytest.fixture
def shortly(redis_database: RedisDatabase) -> Shortly:
    return create_app(redis_database.server.host, redis_database.server.port, redis_db=redis_database.number)


@pytest.fixture
def client(shortly: Shortly, connect: Connect) -> Client:
    return connect(shortly)


@pytest.fixture
def links(shortly: Shortly) -> LinkStore:
    return shortly.links


@pytest.fixture
def database(redis_database: RedisDatabase) -> Iterator[redis.Redis]:
    """The test's Redis database, seen without Shortly."""
    with redis_database.server.client(redis_database.number) as connection:
        yield connection
