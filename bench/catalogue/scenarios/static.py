"""Shortly's style sheet, served by the application itself."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_FILE = Request("static", "GET", "/static/style.css", Expect(200, contains=b"/* Shortly */"))


def _requests(_rng: random.Random) -> Iterator[Request]:
    return itertools.repeat(_FILE)


SCENARIO = Scenario("static", "a style sheet through the app", ("static",), _requests)
