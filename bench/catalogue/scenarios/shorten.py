"""Creating links: a form, each time with a URL that wasn't there."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

from bench.catalogue.scenarios.request import Expect, Request, Scenario

_EXPECT = Expect(303, location=re.compile(rb"(?:https?://[^/]+)?/[0-9a-z]+\+"))
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def new_links(rng: random.Random) -> Iterator[Request]:
    """Requests of one length for URLs that no other stream has."""
    stream = b"%016x" % rng.getrandbits(64)
    for number in itertools.count():
        body = b"url=http%%3A%%2F%%2Fexample.com%%2Fnew%%2F%s%%2F%08d" % (stream, number)
        yield Request("shorten", "POST", "/", _EXPECT, body, _HEADERS, unique=True)


SCENARIO = Scenario("shorten", "new links", ("shorten",), new_links, writes=True)
