"""What the tests need of a machine beyond Python: had, or skipped, or (`make test-all`) failed."""

from __future__ import annotations

import os
from functools import cache
from typing import NoReturn

import pytest

from bench.deploy.engine import find_engine
from bench.model.errors import EngineError

REQUIRE_ALL = "WSGI_BENCH_REQUIRE_ALL"


def lacks(reason: str) -> NoReturn:
    """Skip this test because the machine lacks something, or fail it where nothing may be skipped."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(f"{reason} ({REQUIRE_ALL} is set, so this is a failure)", pytrace=False)
    pytest.skip(reason)


@cache
def without_containers() -> str | None:
    """Why this machine can't run containers; None when it can."""
    try:
        find_engine()
    except EngineError as error:
        return str(error)
    return None
