"""What the users of a locust file ask: only the file knows. Before they begin, a server has to answer."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_ANY_ANSWER = Request("ready", "GET", "/", Expect(range(200, 600)))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_ANY_ANSWER)


SCENARIO = Scenario("locustfile", "whatever the users of --locustfile do", ("ready",), _requests, writes=True)
