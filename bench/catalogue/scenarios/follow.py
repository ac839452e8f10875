"""Following a short link: a redirect, one Redis round trip."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.catalogue.scenarios import links
from bench.catalogue.scenarios.request import Expect, Request, Scenario

REQUESTS = tuple(
    Request("follow", "GET", f"/{links.short_id(n)}", Expect(302, location=links.target(n)))
    for n in range(1, links.SEEDED + 1)
)


def _requests(rng: random.Random) -> Iterator[Request]:
    while True:
        yield rng.choice(REQUESTS)


SCENARIO = Scenario("follow", "redirects over 1,000 links", ("follow",), _requests, seeded=True)
