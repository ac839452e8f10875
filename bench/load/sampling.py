"""What the answers of a scenario are like: how long, and whether they differ each time."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from bench.catalogue.scenarios.request import Request, Scenario
from bench.load.learning import Asked
from bench.model import Sample

_DRAWN = 500
_DATE = re.compile(rb"^date:.*$", re.IGNORECASE | re.MULTILINE)
_SAFE = ("GET", "HEAD")


def sample(
    scenario: Scenario,
    asked: Sequence[tuple[Request, Asked]],
    again: Callable[[Request], Asked] | None,
) -> Sample:
    """The mean over a scenario's requests.

    Args:
        asked: a request to each of its endpoints, rightly answered.
        again: asks once more; None where the first answers took so long that no more are asked for, since
            no ceiling is near then. Their answers are taken to differ.
    """
    weights = Counter(r.endpoint for r in islice(scenario.requests(random.Random(0)), _DRAWN))
    total = sum(weights[request.endpoint] for request, _ in asked)
    head = body = differing = 0.0
    for request, answer in asked:
        share = weights[request.endpoint] / total if total else 1 / len(asked)
        size = answer.answered.size if answer.answered is not None else 0
        head += share * (answer.received - size)
        body += share * size
        if again is None or request.method not in _SAFE or not _same(answer, again(request)):
            differing += share
    return Sample(round(head), round(body), differing > 0.5)


def _same(one: Asked, other: Asked) -> bool:
    """Whether two answers differ in nothing but when they were made."""
    heads_and_bodies = [asked.data.partition(b"\r\n\r\n") for asked in (one, other)]
    (head, _, body), (other_head, _, other_body) = heads_and_bodies
    return body == other_body and _DATE.sub(b"", head) == _DATE.sub(b"", other_head)
