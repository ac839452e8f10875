"""What the load driver keeps of a target between its trials, so that none begins with making it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from bench.catalogue.scenarios.learned import held
from bench.catalogue.scenarios.looking import wants_a_look
from bench.catalogue.scenarios.request import Expect, Request, Scenario
from bench.load.exchange import Exchange
from bench.load.likeness import Likeness
from bench.load.link import Link
from bench.load.looked import LookedExchange
from bench.load.probe import Address, accepting, addresses
from bench.load.visitors import Crowd, Visitors, has_state
from bench.machine.contention import Contention
from bench.machine.place import Place
from bench.machine.usage import UsageReader, open_usage
from bench.model import Connection, Learned, Target

Page = tuple[str, str]
"""Endpoint and what its request is called."""


class Exchanges(dict[Request, Exchange]):
    """The requests of one scenario, made ready for one target as they are first needed.

    Attributes:
        statuses: the status of an endpoint's right answers, by its index, where it is a single one.
    """

    def __init__(
        self, scenario: Scenario, host: str, connection: Connection, learned: Mapping[Page, Learned]
    ) -> None:
        super().__init__()
        self._learned = learned
        self.statuses: dict[int, int] = {}
        self._several: set[int] = set()
        self._held: dict[Page, Expect] = {}
        self._endpoints = scenario.endpoints
        self._host = host
        self._close = connection == "close"
        self._likeness = [Likeness() for _ in scenario.endpoints]

    def __missing__(self, request: Request) -> Exchange:
        expect = self.expected(request)
        endpoint = self._endpoints.index(request.endpoint)
        looked = request.asked is not None and wants_a_look(request.asked)
        kind = LookedExchange if looked else Exchange
        asked = replace(request, expect=expect)
        exchange = kind(asked, endpoint, self._host, self._close, self._likeness[endpoint])
        if not request.unique:
            self[request] = exchange
        return exchange

    def expected(self, request: Request) -> Expect:
        """What is right of a request by all that is known."""
        key = request.endpoint, request.named
        if key in self._held:
            return self._held[key]
        page = self._learned.get(key)
        if page is None:
            expect = request.expect
        else:
            # The same one each time: what is held to it is known to be right by that.
            expect = self._held[key] = held(page, request.host or self._host, request.expect)
        self._note_status(self._endpoints.index(request.endpoint), expect.status)
        return expect

    def _note_status(self, endpoint: int, status: int | range) -> None:
        if isinstance(status, int) and self.statuses.get(endpoint, status) == status:
            if endpoint not in self._several:
                self.statuses[endpoint] = status
        else:
            self._several.add(endpoint)
            self.statuses.pop(endpoint, None)


class TargetState:
    """What is kept of one target between its trials: connections, prepared requests, readers of counters."""

    def __init__(self, target: Target, servers: Place) -> None:
        address = urlsplit(target.url)
        self.target = target
        self.host = address.netloc
        self.usage: UsageReader | None = open_usage(target.usage, servers)
        self.contention = Contention(target.cpus, target.usage, servers)
        self._addresses = addresses(target.url, target.addresses, target.socket)
        self._address: Address | None = None
        self._links: dict[Connection, Link] = {}
        self._exchanges: dict[tuple[str, Connection], Exchanges] = {}
        self._visitors: dict[tuple[str, Connection], Visitors] = {}

    def link(self, connection: Connection) -> Link:
        if connection not in self._links:
            family, address = self.address()
            self._links[connection] = Link(family, address)
        return self._links[connection]

    def address(self) -> Address:
        """Where everything goes: the first address that accepts a connection; while none does, the first."""
        if self._address is None:
            self._address = accepting(self._addresses)
        return self._address or self._addresses[0]

    def learned(self, scenario: Scenario) -> Mapping[Page, Learned]:
        """What earlier probes have learned, by page."""
        pages = (page for page in self.target.learned if page.scenario == scenario.name)
        return {(page.endpoint, page.request): page for page in pages}

    def exchanges(self, scenario: Scenario, connection: Connection) -> Exchanges:
        key = (scenario.name, connection)
        if key not in self._exchanges:
            learned = self.learned(scenario)
            self._exchanges[key] = Exchanges(scenario, self.host, connection, learned)
        return self._exchanges[key]

    def visitors(self, scenario: Scenario, connection: Connection, crowd: Crowd) -> Visitors | None:
        """The users of a scenario who have a state of their own; None where all are the same.

        Args:
            crowd: how many there are in open load, of this scenario on any target.
        """
        if scenario.asked is None:
            return None
        pages = self.learned(scenario).values()
        if not (has_state(scenario.asked) or (scenario.asked.cookies and any(p.cookies for p in pages))):
            return None
        key = (scenario.name, connection)
        if key not in self._visitors:
            exchanges = self.exchanges(scenario, connection)
            self._visitors[key] = Visitors(
                scenario.asked,
                scenario.endpoints,
                exchanges.expected,
                self.host,
                close=connection == "close",
                crowd=crowd,
            )
        return self._visitors[key]

    def failed_logins(self, scenario: Scenario, connection: Connection) -> Counter[str]:
        """What the logins were answered that failed before this trial, in words, with their numbers."""
        visitors = self._visitors.get((scenario.name, connection))
        return visitors.failed if visitors is not None else Counter()

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self.contention.close()
        if self.usage is not None:
            self.usage.close()
