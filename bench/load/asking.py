"""The probe of a user's own scenario: a user of its own logs in and sends every request."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bench.catalogue.scenarios.learned import ENOUGH_S
from bench.catalogue.scenarios.rendering import Prepared
from bench.catalogue.scenarios.request import SAFE, Expect, Request, Scenario
from bench.load.learning import Asked, know, look
from bench.load.probe import Address, ask_once
from bench.load.protocol import Probed
from bench.load.visitors import Crowd, Values, Visitors
from bench.model import Learned


def probe_asked(
    address: Address,
    host: str,
    scenario: Scenario,
    timeout_s: float,
    learned: Mapping[tuple[str, str], Learned],
) -> Probed:
    """Log in, and send every request once, until one isn't answered rightly; see `probe`.

    Those of which it isn't known yet what is right are sent again a few times.
    """
    assert scenario.asked is not None
    person = _Person(address, host, scenario, timeout_s)
    answer = person.log_in()
    if answer.fault:
        return Probed(False, 0.0, answer.fault, answer.detail, answer.received)
    unknown = []
    for chain in person.visitors.mix.each:
        drawn = person.draw(chain)
        for step in chain[:-1]:
            # It has been asked for itself, or will be.
            person.send(step, drawn)
        request = chain[-1].request({})
        page = learned.get((request.endpoint, request.named))
        answer = look(request, host, page, partial(person.held, chain[-1], drawn))
        if answer.fault:
            return Probed(False, 0.0, answer.fault, answer.detail, answer.received)
        if page is None and answer.answered is not None:
            unknown.append((chain, request, answer.answered))
    answered_s = time.monotonic()
    person.keep_connections()
    pages = [
        know(request, host, scenario.name, first, partial(person.chain, chain), ENOUGH_S / len(unknown))
        for chain, request, first in unknown
    ]
    if person.kept is not None and person.kept.fault == "excess":
        return Probed(False, 0.0, person.kept.fault, person.kept.detail, person.kept.received)
    learned_now = tuple(replace(page, cookies=tuple(person.cookies)) for page in pages)
    return Probed(True, time.monotonic() - answered_s, "", "", learned=learned_now)


class _Person:
    """A user who sends one request after the other.

    Attributes:
        cookies: names of those that were set, in order.
        kept: what became of the first request on a connection that was to be kept, of those that change
            nothing; a second answer may come there alone.
    """

    def __init__(self, address: Address, host: str, scenario: Scenario, timeout_s: float) -> None:
        assert scenario.asked is not None
        self.cookies: dict[str, None] = {}
        self.kept: Asked | None = None
        self.visitors = Visitors(
            scenario.asked, scenario.endpoints, lambda r: r.expect, host, close=True, crowd=Crowd()
        )
        [self._visitor] = self.visitors.those(1)
        self._address = address
        self._timeout_s = timeout_s
        self._rng = random.Random(0)

    def log_in(self) -> Asked:
        """Send what comes before all else; the answer that was wrong, or the last."""
        answer = Asked("", "", 0, None)
        for step in self._visitor.login:
            answer = self.send(step, {})
            if answer.fault:
                named = f"login: {step.asked.method} {step.asked.path}"
                return replace(answer, detail=f"{named}: {answer.detail}")
        return answer

    def keep_connections(self) -> None:
        """Ask from now on as most load does: some pages show what they were asked with."""
        self.visitors.close = False
        self._visitor.forget_visits()

    def draw(self, chain: tuple[Prepared, ...]) -> Values:
        """Values for some requests."""
        return self.visitors.mix.values(self._rng, chain)

    def held(self, step: Prepared, drawn: Values, request: Request) -> Asked:
        """Send one request, whose answer is held to what is expected of another."""
        return self.send(step, drawn, request.expect, lingers=True)

    def chain(self, chain: tuple[Prepared, ...], request: Request) -> Asked:
        """Send requests one after the other; what became of the last."""
        drawn = self.draw(chain)
        for step in chain[:-1]:
            self.send(step, drawn)
        lingers = self.kept is None and request.method in SAFE
        answer = self.send(chain[-1], drawn, lingers=lingers)
        if lingers:
            self.kept = replace(answer, detail=f"{request.named}: {answer.detail}")
        return answer

    def send(
        self, step: Prepared, drawn: Values, expect: Expect | None = None, *, lingers: bool = False
    ) -> Asked:
        """Send one request, and keep what its right answer brings."""
        visit = self._visitor.visit((step,), drawn)
        if expect is not None:
            visit.expect = expect
        answer = ask_once(self._address, visit, self._timeout_s, lingers=lingers)
        if answer.fault:
            return replace(answer, detail=visit.seen.detail or answer.detail)
        self.cookies |= dict.fromkeys(field.partition("=")[0].strip() for field in visit.seen.cookies)
        self._visitor.took(visit, right=True)
        return answer
