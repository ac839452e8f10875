"""Puts a Redis database back to what was seeded, in a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from bench.model.errors import StoreError

_TEMPLATE = 0
_TIMEOUT_S = 10.0


class Template:
    """Database 0, as the app's seed command left it, and the databases that are equal to it.

    Its strings are read once and written with one MSET whose bytes are prepared; keys of other types
    are copied inside Redis.

    Raises:
        StoreError: Redis doesn't answer, or refuses; each method does.
    """

    def __init__(self, host: str, port: int) -> None:
        self._redis = redis.Redis(host, port, socket_timeout=_TIMEOUT_S)
        with _store_errors():
            # Untyped in redis-py.
            self._connection: Any = self._redis.connection_pool.get_connection()
        self._strings: list[bytes | str] = []
        self._others: list[bytes | str] = []
        self._packed: dict[int, tuple[list[bytes], int]] = {}
        self._clean: set[int] = set()

    def restore(self, database: int) -> None:
        """Make a database equal to the template, unless it still is."""
        if database in self._clean:
            return
        with _store_errors():
            packed, answers = self._commands(database)
            self._connection.send_packed_command(packed)
            for _ in range(answers):
                self._connection.read_response()
        self._clean.add(database)

    def used(self, database: int) -> None:
        """Note that a database was written to."""
        self._clean.discard(database)

    def forget(self) -> None:
        """Take no database to be equal to the template any more."""
        self._clean.clear()

    def _commands(self, database: int) -> tuple[list[bytes], int]:
        """The bytes that restore a database, and the number of their answers."""
        if database not in self._packed:
            if not self._packed:
                self._read()
            commands: list[tuple[Any, ...]] = [("SELECT", database), ("FLUSHDB",)]
            if self._strings:
                commands.append(("MSET", *self._strings))
            if self._others:
                commands.append(("SELECT", _TEMPLATE))
                commands += [("COPY", key, key, "DB", database) for key in self._others]
            self._packed[database] = self._connection.pack_commands(commands), len(commands)
        return self._packed[database]

    def _read(self) -> None:
        keys = self._redis.keys()
        if not keys:
            return
        for key, value in zip(keys, self._redis.mget(keys), strict=True):
            if value is None:
                self._others.append(key)
            else:
                self._strings += (key, value)


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise StoreError(f"Redis doesn't do what it is asked: {str(error).rstrip('.')}.") from error
