"""`GET /` of an application that the harness knows nothing about: right is what its first answers were."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_PAGE = Request("get", "GET", "/", Expect(range(200, 400), learned=True, page=True))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_PAGE)


SCENARIO = Scenario("get", "GET / of any app; right is what the first probes saw", ("get",), _requests)
