"""Every Python block of docs/wsgi.md runs as it stands, warnings being errors."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from bench.machine.process import run
from tests.redis_server import RedisDatabase

CHECKOUT = Path(__file__).parents[2]
TEXT = (CHECKOUT / "docs/wsgi.md").read_text()
BLOCKS = {
    TEXT[: match.start()].count("\n") + 2: match[1]
    for match in re.finditer(r"```python\n(.*?)```", TEXT, re.S)
}


def test_blocks_are_found() -> None:
    assert len(BLOCKS) == TEXT.count("```python") > 10


@pytest.mark.parametrize("line", BLOCKS, ids=lambda line: f"line-{line}")
def test_block(line: int, redis_database: RedisDatabase) -> None:
    run(
        [sys.executable, "-W", "error", "-c", BLOCKS[line]],
        environment={**os.environ, **redis_database.environment},
        cwd=CHECKOUT,
        timeout_s=60,
    )


def test_files_it_links_to_exist() -> None:
    for target in re.findall(r"\]\((\.\./[^)]+)\)", TEXT):
        assert (CHECKOUT / "docs" / target).exists(), target
