"""Redis goes away and comes back: what needs it says so at once, what doesn't goes on."""

from __future__ import annotations

import time

from tests.contract.client import PATIENCE_S, ask
from tests.contract.stack import Stack
from tests.contract.test_shortly import fresh, shorten


def test_redis_stops_and_comes_back(stack: Stack, shortly: str) -> None:
    path = shorten(shortly, fresh())

    stack.redis.stop()
    try:
        answers = {
            "create": ask(shortly, method="POST", form={"url": fresh()}),
            "follow": ask(shortly, path),
            "details": ask(shortly, path + "+"),
            "ready": ask(shortly, "/-/ready"),
        }
        unharmed = [ask(shortly, path) for path in ("/-/live", "/", "/static/style.css")]
    finally:
        stack.redis.start()

    for name, answer in answers.items():
        assert (name, answer.status) == (name, 503)
        assert int(answer["Retry-After"]) > 0
        assert "<h1>Service Unavailable</h1>" in answer.text
    assert [answer.status for answer in unharmed] == [200, 200, 200]
    wait_until_ready(shortly)
    assert ask(shortly, shorten(shortly, fresh())).status == 302


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while ask(url, "/-/ready").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)
