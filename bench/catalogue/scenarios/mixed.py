"""What a URL shortener does all day: 90 % follow, 8 % details, 2 % shorten."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.catalogue.scenarios import details, follow
from bench.catalogue.scenarios.request import Request, Scenario
from bench.catalogue.scenarios.shorten import new_links


def _requests(rng: random.Random) -> Iterator[Request]:
    created = new_links(rng)
    while True:
        share = rng.random()
        if share < 0.90:
            yield rng.choice(follow.REQUESTS)
        elif share < 0.98:
            yield rng.choice(details.REQUESTS)
        else:
            yield next(created)


SCENARIO = Scenario(
    "mixed",
    "90 % follow, 8 % details, 2 % shorten",
    ("follow", "details", "shorten"),
    _requests,
    seeded=True,
    writes=True,
)
