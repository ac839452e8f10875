"""Scenarios of a user's own requests: which is sent next, and with which values."""

from __future__ import annotations

import itertools
import random
from bisect import bisect
from collections.abc import Iterator, Mapping

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.rendering import Prepared
from bench.catalogue.scenarios.request import SAFE, Request, Scenario
from bench.model.counted import count
from bench.model.scenario import AskedRequest, AskedScenario, Drawn

_AT_ONCE = 256
# Each is kept with its last answer, so that equal ones needn't be parsed.
_MOST_KEPT = 256


class Mix:
    """What a user's scenario sends.

    Attributes:
        login: its requests, in order.
        chains: for each request that is drawn, what the same user sends just before, and itself.
        each: the same for every request.
    """

    def __init__(self, asked: AskedScenario) -> None:
        reads = all(request.method in SAFE for request in (*asked.requests, *asked.login))
        by_name = {request.name: request for request in asked.requests}

        def prepared(request: AskedRequest) -> Prepared:
            # A text that is to be there says more of a page than its length does.
            loose = bool(request.uses or request.contains) or not reads
            return Prepared(request, asked.host, any_length=loose)

        ready = {id(request): prepared(request) for request in asked.requests}
        self.login = tuple(map(prepared, asked.login))
        self.each = [
            tuple(ready[id(step)] for step in _with_before(request, by_name)) for request in asked.requests
        ]
        self.chains = [chain for chain in self.each if chain[-1].asked.weight]
        self._cumulated = list(itertools.accumulate(chain[-1].asked.weight for chain in self.chains))
        self._values = asked.values
        drawn = {name for values in asked.values for name in values.names}
        self._drawing = {
            id(chain): any(not drawn.isdisjoint(step.asked.uses) for step in chain) for chain in self.each
        }

    def draw(self, rng: random.Random) -> tuple[Prepared, ...]:
        """The next request, after what goes before it."""
        last = len(self.chains) - 1
        if not last:
            return self.chains[0]
        return self.chains[bisect(self._cumulated, rng.random() * self._cumulated[-1], 0, last)]

    @property
    def length(self) -> float:
        """How many requests a draw has on average."""
        total = self._cumulated[-1]
        return sum(len(chain) * chain[-1].asked.weight for chain in self.chains) / total

    def values(
        self, rng: random.Random, requests: tuple[Prepared, ...], row: int | None = None
    ) -> dict[str, str]:
        """Values for these requests, the same for all of them; each draw has its own.

        Args:
            row: take this one of each list and file, which begin again at their ends, instead of any.
        """
        if not self._drawing.get(id(requests), True):
            return {}
        used = {name for request in requests for name in request.asked.uses}
        values: dict[str, str] = {}
        for drawn in self._values:
            if not used.isdisjoint(drawn.names):
                values |= zip(drawn.names, _drawn(rng, drawn, row), strict=True)
        return values

    def requests(self, rng: random.Random, kept: dict[tuple[str, ...], Request]) -> Iterator[Request]:
        """An endless stream for users who all are the same.

        Args:
            kept: requests with values, by name and values: equal ones are the same object.
        """
        fixed = [chain[0].fixed for chain in self.chains if len(chain) == 1 and chain[0].fixed is not None]
        if len(fixed) == len(self.chains):
            yield from _fixed(rng, fixed, self._cumulated)
        while True:
            chain = self.draw(rng)
            values = self.values(rng, chain)
            for prepared in chain:
                yield prepared.fixed or _filled_in(prepared, values, kept)


def made(asked: AskedScenario) -> Scenario:
    """The scenario of a user's requests."""
    mix = Mix(asked)
    kept: dict[tuple[str, ...], Request] = {}
    return Scenario(
        asked.name,
        asked.source or count(len(asked.requests), "request") + " of your own",
        tuple(dict.fromkeys(request.name for request in asked.requests)),
        lambda rng: mix.requests(rng, kept),
        writes=any(request.method not in SAFE for request in (*asked.requests, *asked.login)),
        asked=asked,
    )


def scenario_of(name: str, asked: Mapping[str, AskedScenario]) -> Scenario:
    """The scenario of that name: a user's own, else one of the catalogue.

    Raises:
        KeyError: there is none.
    """
    return made(asked[name]) if name in asked else SCENARIOS[name]


def _with_before(request: AskedRequest, by_name: Mapping[str, AskedRequest]) -> list[AskedRequest]:
    chain = [request]
    while chain[0].after:
        chain.insert(0, by_name[chain[0].after])
    return chain


def _drawn(rng: random.Random, drawn: Drawn, row: int | None) -> tuple[str, ...]:
    if not drawn.rows:
        return (str(rng.randint(drawn.first, drawn.last)),)
    return rng.choice(drawn.rows) if row is None else drawn.rows[row % len(drawn.rows)]


def _fixed(rng: random.Random, requests: list[Request], cumulated: list[float]) -> Iterator[Request]:
    if len(requests) == 1:
        yield from itertools.repeat(requests[0])
    while True:
        yield from rng.choices(requests, cum_weights=cumulated, k=_AT_ONCE)


def _filled_in(
    prepared: Prepared, values: Mapping[str, str], kept: dict[tuple[str, ...], Request]
) -> Request:
    key = (str(id(prepared)), *(values.get(name, "") for name in prepared.asked.uses))
    request = kept.get(key)
    if request is None:
        many = len(kept) >= _MOST_KEPT
        request = prepared.request(values, unique=many)
        if not many:
            kept[key] = request
    return request
