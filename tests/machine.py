"""What the tests need of a machine beyond Python: had, or skipped, or (`make test-all`) failed."""

from __future__ import annotations

import os
from functools import cache
from typing import NoReturn

import pytest

from bench.process import CommandFailed, run

REQUIRE_ALL = "WSGI_BENCH_REQUIRE_ALL"


def lacks(reason: str) -> NoReturn:
    """Skip this test because the machine lacks something, or fail it where nothing may be skipped."""
    if os.environ.get(REQUIRE_ALL):
        pytest.fail(f"{reason} ({REQUIRE_ALL} is set, so this is a failure)", pytrace=False)
    pytest.skip(reason)


@cache
def without_containers() -> str | None:
    """Why this machine can't run containers; None when it can."""
    return _refusal("No Docker engine answers", ["docker", "version", "--format", "{{.Server.Version}}"]) or (
        _refusal("Docker Compose v2 is missing", ["docker", "compose", "version"])
        and _refusal("Docker Compose v2 is missing", ["docker-compose", "version"])
    )


def _refusal(meaning: str, command: list[str]) -> str | None:
    try:
        run(command, timeout_s=20)
    except FileNotFoundError:
        return f"{meaning}: there is no `{command[0]}` command"
    except CommandFailed as failure:
        return f"{meaning}: {failure.output.strip().splitlines()[-1] if failure.output.strip() else failure}"
    return None
