"""`GET /` of an application that the harness knows nothing about."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.scenarios.request import Expect, Request, Scenario

_PAGE = Request("get", "GET", "/", Expect(range(200, 400)))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_PAGE)


SCENARIO = Scenario("get", "GET / of any app, any status from 200 to 399", ("get",), _requests)
