"""The smallest page there is: what the server itself costs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_PAGE = Request("hello", "GET", "/", Expect(200, body=b"Hello, World!"))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_PAGE)


SCENARIO = Scenario("hello", "GET / of a 13-byte page", ("hello",), _requests)
