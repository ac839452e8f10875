"""The links, and the only code that talks to Redis.

Keys, those of Werkzeug's well-known example:
    reverse-url:<url>   the short id of a URL
    url-target:<id>     the URL of a short id
    click-count:<id>    how often it was followed; absent until it was
    last-url-id         the number of the newest link; its short id is that number in base 36

What must be one step is a Lua script, because Redis runs nothing else meanwhile:
https://redis.io/docs/latest/develop/programmability/eval-intro/
A script here computes a key's name, which Redis Cluster forbids: one Redis is assumed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from redis import BlockingConnectionPool, Redis, RedisError, ResponseError
from redis import ConnectionError as RedisConnectionError
from redis.backoff import NoBackoff
from redis.retry import Retry

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 1.0
SEED_BATCH = 5_000

_CREATE = """
local known = redis.call('GET', KEYS[1])
if known then return known end
local n = redis.call('INCR', KEYS[2])
local id = ''
repeat
    local digit = n % 36
    id = string.sub(ARGV[2], digit + 1, digit + 1) .. id
    n = (n - digit) / 36
until n == 0
redis.call('SET', 'url-target:' .. id, ARGV[1])
redis.call('SET', KEYS[1], id)
return id
"""

# A link leads on even where Redis refuses to count: the reason is the second of what comes back.
_FOLLOW = """
local target = redis.call('GET', KEYS[1])
if not target then return false end
local counted = redis.pcall('INCR', KEYS[2])
return {target, type(counted) == 'table' and counted.err or nil}
"""

# Leaves nothing behind.
_TRY_TO_WRITE = """
redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
"""

logger = logging.getLogger("shortly")


class StoreUnavailableError(Exception):
    """Redis can't be reached, took too long, or refused to read."""


class StoreRefusesError(StoreUnavailableError):
    """Redis answers and doesn't write: its memory is full, or it is a replica or otherwise read-only."""


@dataclass(frozen=True)
class Link:
    """A short link as it is stored.

    Attributes:
        url: the target, an ASCII URL.
        clicks: how often it was followed.
    """

    short_id: str
    url: str
    clicks: int


class LinkStore:
    """The links of one Redis database. Connects when first asked, not before.

    redis-py 8 would by default wait 5 s and retry ten times, so an unreachable Redis would hold each thread
    for most of a minute (https://redis.readthedocs.io/en/stable/retry.html). Here a lost connection is tried
    once more; a timeout isn't, since the command may have been carried out, and the thread is needed.
    RESP 2 without client information saves three round trips for each new connection.

    Args:
        connections: the most that are opened; further threads wait for one for `ANSWER_TIMEOUT_S`.
    """

    def __init__(self, host: str, port: int, database: int, connections: int) -> None:
        self._redis = Redis(
            connection_pool=BlockingConnectionPool(  # type: ignore[no-untyped-call]
                max_connections=connections,
                timeout=ANSWER_TIMEOUT_S,
                host=host,
                port=port,
                db=database,
                protocol=2,
                driver_info=None,
                decode_responses=True,
                socket_connect_timeout=CONNECT_TIMEOUT_S,
                socket_timeout=ANSWER_TIMEOUT_S,
                retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            )
        )
        self._create = self._redis.register_script(_CREATE)
        self._follow = self._redis.register_script(_FOLLOW)
        self._try_to_write = self._redis.register_script(_TRY_TO_WRITE)

    def check(self) -> None:
        """Ask whether Redis answers and writes.

        Raises:
            StoreRefusesError: it doesn't write.
            StoreUnavailableError: it doesn't answer; so says every method here.
        """
        with _redis_trouble(), _refusal():
            self._try_to_write(keys=["try-to-write"])

    def create(self, url: str) -> str:
        """Return the short id of a URL, a new one only if it has none yet.

        Raises:
            StoreRefusesError: it has none yet, and Redis doesn't write.
        """
        with _redis_trouble(), _refusal():
            return str(self._create(keys=[f"reverse-url:{url}", "last-url-id"], args=[url, DIGITS]))

    def follow(self, short_id: str) -> str | None:
        """Return a link's target and count a click; None, and no counter, if there is no such link.

        A click that Redis refuses to count is logged, no more.
        """
        with _redis_trouble():
            answer = self._follow(keys=[f"url-target:{short_id}", f"click-count:{short_id}"])
        if answer is None:
            return None
        target, *refused = answer
        if refused:
            logger.warning("a click on %s is not counted: %s", short_id, refused[0])
        return str(target)

    def target(self, short_id: str) -> str | None:
        """Return a link's target without counting."""
        with _redis_trouble():
            return _text(self._redis.get(f"url-target:{short_id}"))

    def details(self, short_id: str) -> Link | None:
        """Return a link with its clicks."""
        with _redis_trouble():
            url, clicks = self._redis.mget(f"url-target:{short_id}", f"click-count:{short_id}")
        return None if url is None else Link(short_id, str(url), int(clicks or 0))

    def replace_all(self, urls: Iterable[str]) -> int:
        """Empty the database and store these URLs, all different, with the ids 1, 2, 3 ... in base 36.

        Returns:
            How many there are.
        """
        numbered = enumerate(urls, start=1)
        last = 0
        with _redis_trouble():
            self._redis.flushdb()
            while batch := list(islice(numbered, SEED_BATCH)):
                keys = {f"url-target:{base36(n)}": url for n, url in batch}
                keys |= {f"reverse-url:{url}": base36(n) for n, url in batch}
                last = batch[-1][0]
                self._redis.mset({**keys, "last-url-id": last})
        return last


def base36(number: int) -> str:
    """Write a whole number, zero or more, in base 36."""
    text = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return DIGITS[number] + text


@contextmanager
def _redis_trouble() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise StoreUnavailableError(f"{type(error).__name__}: {error}") from error


@contextmanager
def _refusal() -> Iterator[None]:
    try:
        yield
    except ResponseError as error:
        raise StoreRefusesError(f"{type(error).__name__}: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)
