"""Redis on another host, which the user names: it must be empty, and is again when the run has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bench.machine.interrupt import shield
from bench.model.errors import StoreError
from bench.model.hostport import written

if TYPE_CHECKING:
    from redis import Redis

_TIMEOUT_S = 5.0
_OLDEST = 6
_MARK = "wsgi-bench"


class RedisHost:
    """A Redis that runs already, while the `with` block lasts.

    Args:
        address: its host and port.
        databases: how many are used, from 0 on; one more says that they are.
    """

    pid = 0

    def __init__(self, address: tuple[str, int], databases: int) -> None:
        self.address = address
        self._databases = databases

    def __enter__(self) -> Self:
        with self._asked(0) as client:
            version = str(client.info("server")["redis_version"])
            keys = {name: about["keys"] for name, about in client.info("keyspace").items()}
        if int(version.partition(".")[0]) < _OLDEST:
            raise StoreError(f"Redis at {self._name} is {version}: name one that is {_OLDEST} or newer.")
        if keys and not self._is_leftover():
            held = ", ".join(f"{count:,} keys in {name}" for name, count in keys.items())
            raise StoreError(
                f"Redis at {self._name} holds data ({held}), and a run overwrites and empties it. Name one "
                f"that is empty, or empty it yourself if nobody needs that."
            )
        self._empty()
        with self._asked(self._databases) as client:
            client.set(_MARK, "in use by a run")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with shield():
            try:
                self._empty()
            except StoreError:
                # It is gone, which is why the run ends.
                return

    def how_ended(self) -> str:
        """That it doesn't answer, to follow its name; empty while it does."""
        try:
            with self._asked(0):
                return ""
        except StoreError:
            return f"at {self._name} doesn't answer any more"

    def _is_leftover(self) -> bool:
        """Whether what it holds is of a run that was killed: the last database says so."""
        with self._asked(self._databases) as client:
            return bool(client.exists(_MARK))

    def _empty(self) -> None:
        # The mark goes last.
        for database in range(self._databases + 1):
            with self._asked(database) as client:
                client.flushdb()

    @property
    def _name(self) -> str:
        return written(*self.address)

    @contextmanager
    def _asked(self, database: int) -> Iterator[Redis]:
        """A client of one of its databases."""
        # Which takes a tenth of a command's start, and most runs have no Redis.
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        host, port = self.address
        try:
            with redis.Redis(
                host, port, db=database, socket_timeout=_TIMEOUT_S, retry=Retry(NoBackoff(), 0)
            ) as client:
                client.ping()
                yield client
        except redis.RedisError as error:
            raise StoreError(f"Redis at {self._name} can't be used: {str(error).rstrip('.')}.") from None
