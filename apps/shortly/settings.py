"""What the environment says about Redis and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Where Redis is, and how many threads will ask it.

    Attributes:
        redis_db: the number of the database.
        threads: requests that one process handles at once; no more connections to Redis are opened.
    """

    redis_host: str
    redis_port: int
    redis_db: int
    threads: int


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read REDIS_HOST, REDIS_PORT, REDIS_DB and THREADS; one that is empty or unset has its default.

    Raises:
        ValueError: one that should be a number isn't, or is out of range.
    """
    return Settings(
        redis_host=environment.get("REDIS_HOST") or "localhost",
        redis_port=_number(environment, "REDIS_PORT", 6379, 1, 65535),
        redis_db=_number(environment, "REDIS_DB", 0, 0, 2**31 - 1),
        threads=_number(environment, "THREADS", 4, 1, 10_000),
    )


def _number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{name} is {text!r}: set it to a whole number from {low} to {high}")
    return int(text)
