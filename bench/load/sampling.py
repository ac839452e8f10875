"""What the answers of a scenario are like: how long, and whether they differ each time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from bench.catalogue.scenarios.looking import Fields
from bench.catalogue.scenarios.request import Request, Scenario
from bench.load.learning import Asked
from bench.load.looked import opened
from bench.model import Sample

_DRAWN = 500
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
    return one.answered == other.answered and _undated(one) == _undated(other)


def _undated(asked: Asked) -> tuple[Fields, bytes]:
    """Header fields but the date, and content."""
    fields, body = opened(asked.data)
    return [(name, value) for name, value in fields if name != "date"], body
