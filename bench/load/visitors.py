"""Users who have a state of their own: cookies, values taken from answers, and draws of their own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bench.catalogue.scenarios.asked import Mix
from bench.catalogue.scenarios.rendering import Prepared
from bench.catalogue.scenarios.request import Expect, Request
from bench.load.jar import Jar
from bench.load.likeness import Likeness
from bench.load.looked import LookedExchange
from bench.model import TrialOrder
from bench.model.scenario import FEWEST_USERS, AskedScenario

Values = Mapping[str, str]
Expected = Callable[[Request], Expect]
_NONE = -1


class Visit(LookedExchange):
    """A request of one user.

    Attributes:
        visitor: the user.
        cookie: what the user says in the field Cookie, beside what the request says itself.
        rest: what the same user sends once this is answered rightly.
        values: that were drawn for both.
    """

    __slots__ = ("_after", "_before", "_has_own", "cookie", "rest", "values", "visitor")

    def __init__(self, visitor: Visitor, request: Request, endpoint: int, likeness: Likeness) -> None:
        super().__init__(request, endpoint, visitor.of.host, visitor.of.close, likeness)
        self.visitor = visitor
        self.cookie = ""
        self.rest: tuple[Prepared, ...] = ()
        self.values: Values = {}
        self._has_own = "Cookie" in request.headers
        first, end, self._after = self.payload.partition(b"\r\n")
        self._before = first + end

    def carry(self, cookie: str) -> None:
        """Send other cookies from now on; not while the request is on its way."""
        self.cookie = cookie
        if self._has_own:
            headers = {**self.request.headers, **self.cookie_field()}
            self.payload = replace(self.request, headers=headers).encode(self.visitor.of.host, self.close)
            return
        line = b"Cookie: %b\r\n" % cookie.encode("latin-1") if cookie else b""
        self.payload = self._before + line + self._after

    def cookie_field(self) -> Mapping[str, str]:
        """The field Cookie, if there is one."""
        said = [self.request.headers.get("Cookie", ""), self.cookie]
        return {"Cookie": "; ".join(filter(None, said))} if any(said) else {}


class Visitor:
    """One user.

    Attributes:
        own: values of this user alone: what was drawn for the login, and what was taken from answers.
        login: what is sent before anything is measured.
        logged_in: whether that was answered rightly, if there is any.
        of: the users that it is one of.
    """

    def __init__(self, number: int, of: Visitors) -> None:
        self.number = number
        self.of = of
        self._jar = Jar() if of.asked.cookies else None
        self._visits: dict[int, Visit] = {}
        # The same for every server.
        self.own = of.mix.values(random.Random(f"user/{number}"), of.mix.login, row=number)
        self.login = of.mix.login
        self.logged_in = not self.login

    def visit(self, chain: tuple[Prepared, ...], values: Values) -> Visit:
        """The first request of these, ready to be sent."""
        first = chain[0]
        if first.fixed is not None and len(chain) == 1:
            return self.fixed_visit(first)
        visit = self._made(first, {**values, **self.own})
        visit.rest, visit.values = chain[1:], values
        return self._carrying(visit)

    def fixed_visit(self, prepared: Prepared) -> Visit:
        """A request that is always the same, but for its cookies."""
        visit = self._visits.get(id(prepared))
        if visit is None:
            visit = self._visits[id(prepared)] = self._made(prepared, {})
        return self._carrying(visit)

    def _carrying(self, visit: Visit) -> Visit:
        if self._jar is not None and (cookie := self._jar.field(visit.request.path)) != visit.cookie:
            visit.carry(cookie)
        return visit

    def forget_visits(self) -> None:
        """Make each request anew."""
        self._visits.clear()

    def took(self, visit: Visit, *, right: bool) -> None:
        """Keep what the answer to a request has brought, if any: cookies of each, values of a right one."""
        cookies = visit.seen.cookies if right else visit.refused
        visit.refused = ()
        if cookies and self._jar is not None:
            for field in cookies:
                self._jar.take(field, visit.request.path)
        if right and visit.seen.values:
            self.own |= visit.seen.values

    def _made(self, prepared: Prepared, values: Values) -> Visit:
        of = self.of
        request = prepared.request(values, expect=of.expect(prepared))
        return Visit(self, request, of.endpoint(prepared), of.likeness(prepared))


@dataclass
class Crowd:
    """How many users the open load of a scenario has on each target: more once they were too few on one."""

    size: int = FEWEST_USERS


class Visitors:
    """The users of a scenario on one target: they stay from trial to trial, until it is started anew.

    Attributes:
        crowd: how many of them there are in open load.
        failed: what the logins were answered that failed last, in words, with their numbers.

    Args:
        expected: what is right of a request, by all that is known.
    """

    def __init__(
        self,
        asked: AskedScenario,
        endpoints: tuple[str, ...],
        expected: Expected,
        host: str,
        *,
        close: bool,
        crowd: Crowd,
    ) -> None:
        self.asked = asked
        self.mix = Mix(asked)
        self.host = host
        self.close = close
        self.crowd = crowd
        self._endpoints = endpoints
        self._expected = expected
        self._expects: dict[int, Expect] = {}
        self._likeness: dict[int, Likeness] = {}
        self._known: dict[int, Visitor] = {}
        self.failed: Counter[str] = Counter()

    def those(self, count: int, first: int = 0, step: int = 1) -> list[Visitor]:
        """So many users, from the one of a number on; the same for the same numbers."""
        numbers = range(first, first + count * step, step)
        for number in numbers:
            if number not in self._known:
                self._known[number] = Visitor(number, self)
        return [self._known[number] for number in numbers]

    def of(self, order: TrialOrder) -> list[Visitor]:
        """The users of a trial."""
        choose = self.those if order.load.waits else self.pool
        return choose(order.load.at_once, order.first_user, order.user_step)

    def pool(self, cap: int, first: int = 0, step: int = 1) -> list[Visitor]:
        """The users of open load: those of closed load, who have logged in, and more if they are few."""
        return self.those(min(cap, max(self.crowd.size, len(self._known))), first, step)

    def expect(self, prepared: Prepared) -> Expect:
        """What is right of a request."""
        if prepared in self.mix.login:
            return prepared.expect
        expect = self._expects.get(id(prepared))
        if expect is None:
            expect = self._expects[id(prepared)] = self._expected(prepared.request({}))
        return expect

    def likeness(self, prepared: Prepared) -> Likeness:
        """What is known of the heads of its answers, whoever gets them."""
        return self._likeness.setdefault(id(prepared), Likeness())

    def endpoint(self, prepared: Prepared) -> int:
        """The index of its endpoint; a login, which is in no figure, has none."""
        return _NONE if prepared in self.mix.login else self._endpoints.index(prepared.asked.name)


class Turns:
    """What the users of closed load send: an iterator that gives the next request of whose turn it is.

    Attributes:
        turn: the user.
    """

    def __init__(self, visitors: Visitors, order: TrialOrder) -> None:
        self._mix = visitors.mix
        self._visitors = visitors.of(order)
        self._rngs = [random.Random(f"{order.seed}/{visitor.number}") for visitor in self._visitors]
        self._rest: list[tuple[Prepared, ...]] = [()] * len(self._visitors)
        self._values: list[Values] = [{}] * len(self._visitors)
        self.turn = 0

    def __iter__(self) -> Turns:
        return self

    def __next__(self) -> Visit:
        turn = self.turn
        chain = self._rest[turn]
        if not chain:
            chain = self._mix.draw(self._rngs[turn])
            if len(chain) == 1 and chain[0].fixed is not None:
                return self._visitors[turn].fixed_visit(chain[0])
            self._values[turn] = self._mix.values(self._rngs[turn], chain)
        self._rest[turn] = chain[1:]
        return self._visitors[turn].visit(chain, self._values[turn])

    def begin(self, turn: int) -> Visit:
        """The next request of a user whose last one came to nothing: what was to follow that doesn't."""
        self.turn = turn
        self._rest[turn] = ()
        return next(self)

    def ended(self, turn: int, visit: Visit, *, right: bool) -> None:
        """Note that a user's request was answered, and that the next is that user's."""
        self.turn = turn
        visit.visitor.took(visit, right=right)
        if not right:
            self._rest[turn] = ()


def following(visit: Visit, *, right: bool) -> Visit | None:
    """What a user sends at once when a request was answered; None if nothing."""
    visit.visitor.took(visit, right=right)
    return visit.visitor.visit(visit.rest, visit.values) if right and visit.rest else None


def has_state(asked: AskedScenario) -> bool:
    """Whether users differ even without a cookie."""
    return bool(asked.login) or any(request.captures or request.after for request in asked.requests)
