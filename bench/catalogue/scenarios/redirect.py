"""`GET /` of an application that answers it with a redirect, measured as such."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_PAGE = Request("redirect", "GET", "/", Expect(range(300, 400), learned=True))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_PAGE)


SCENARIO = Scenario("redirect", "the redirect that GET / of an app answers with", ("redirect",), _requests)
