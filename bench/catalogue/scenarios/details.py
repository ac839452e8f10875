"""The details page of a link: a rendered template and two Redis keys."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.catalogue.scenarios import links
from bench.catalogue.scenarios.request import Expect, Request, Scenario

REQUESTS = tuple(
    Request("details", "GET", f"/{links.short_id(n)}+", Expect(200, contains=links.target(n)))
    for n in range(1, links.SEEDED + 1)
)


def _requests(rng: random.Random) -> Iterator[Request]:
    while True:
        yield rng.choice(REQUESTS)


SCENARIO = Scenario("details", "details pages of 1,000 links", ("details",), _requests, seeded=True)
