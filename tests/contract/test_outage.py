"""Redis goes away and comes back: what needs it says so, what doesn't goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.model import Server
from tests.contract.client import Answer, ask
from tests.contract.stack import SERVERS, SHORTLY, Stack
from tests.contract.test_shortly import fresh, shorten
from tests.patience import HANGS_S

REQUESTS = {
    "create": ("/", "POST", {"url": "http://example.com/"}),
    "follow": ("/1", "GET", None),
    "details": ("/1+", "GET", None),
    "ready": ("/-/ready", "GET", None),
    "live": ("/-/live", "GET", None),
    "form": ("/", "GET", None),
    "static": ("/static/style.css", "GET", None),
}
UNHARMED = {"live", "form", "static"}


@pytest.fixture(scope="package")
def outage(stack: Stack) -> Mapping[str, Mapping[str, Answer]]:
    """What each server answered while Redis was stopped; it runs again."""
    urls = {server.name: stack.answering(server, SHORTLY).url for server in SERVERS.values()}
    # Each has connections to Redis in its pool, which it loses.
    for url in urls.values():
        shorten(url, fresh())

    def asked(url: str) -> Mapping[str, Answer]:
        return {name: ask(url, *request) for name, request in REQUESTS.items()}

    stack.redis.stop()
    try:
        # All at once: where even Redis's name is gone each look-up takes its time.
        with ThreadPoolExecutor(len(urls)) as clients:
            return dict(zip(urls, clients.map(asked, urls.values()), strict=True))
    finally:
        stack.redis.start()


@pytest.mark.parametrize("request_name", REQUESTS)
def test_without_redis(outage: Mapping[str, Mapping[str, Answer]], server: Server, request_name: str) -> None:
    answer = outage[server.name][request_name]

    if request_name in UNHARMED:
        assert answer.status == 200
    else:
        assert answer.status == 503
        assert int(answer["Retry-After"]) > 0
        assert "<h1>Service Unavailable</h1>" in answer.text


@pytest.mark.usefixtures("outage")
def test_redis_is_found_again(shortly: str) -> None:
    deadline = time.monotonic() + HANGS_S
    while ask(shortly, "/-/ready").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert ask(shortly, shorten(shortly, fresh())).status == 302
