"""Trials by locust's own FastHttpUser client instead of the loop, for comparison: `--client fasthttp`.

A greenlet a request and gevent's timers: about ten times the CPU time, and due times good to a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import gevent
from locust.contrib.fasthttp import FastHttpSession, FastResponse

from bench.catalogue.scenarios.learned import Answered
from bench.catalogue.scenarios.request import on_the_wire
from bench.load import locustclient
from bench.load.arrivals import Arrivals, due_of
from bench.load.clock import now_ns
from bench.load.closed import SETTLE_NS
from bench.load.exchange import Exchange
from bench.load.link import Link
from bench.load.locustanswer import LocustAnswer, answer_of
from bench.load.looked import LookedExchange
from bench.load.outcomes import CODE, DROPPED, UNFINISHED
from bench.load.records import Records, Window, row_code
from bench.load.targetstate import TargetState
from bench.load.visitors import Turns, Visit
from bench.load.waiting import LOOK_S, sleep_until, until
from bench.model import TrialOrder
from bench.model.hostport import written
from bench.model.loads.closed import STARTING

_SECOND = 1_000_000_000
_SLACK_S = 0.1


def conduct(
    order: TrialOrder,
    state: TargetState,
    stream: Iterator[Exchange],
    records: Records,
    mark: Callable[[], None],
    _breathe: Callable[[], None],
) -> Window:
    """One trial, as the loop's: settle, count, drain. Every trial makes its own connections."""
    link = state.link(order.load.connection)
    headers = {"Connection": "close"} if order.load.connection == "close" else {}
    # By address: this client would look the name up for each connection.
    crew = _Crew(_url(state), state.host, link, headers, stream, records, order.timeout_s)
    locustclient.count_connections(link)
    run = _closed if order.load.waits else _open
    try:
        return run(order, crew, mark)
    finally:
        crew.end()


@dataclass
class _Crew:
    """The greenlets of one trial.

    Attributes:
        host: for the field `Host`.
        under_way: what each greenlet asked last and isn't answered yet: (due, sent, endpoint).
    """

    url: str
    host: str
    link: Link
    headers: Mapping[str, str]
    stream: Iterator[Exchange]
    records: Records
    timeout_s: float
    stopping: bool = False
    under_way: dict[gevent.Greenlet, tuple[int, int, int]] = field(default_factory=dict)
    idle: list[FastHttpSession] = field(default_factory=list)

    def session(self) -> FastHttpSession:
        return self.idle.pop() if self.idle else locustclient.session(self.url, self.timeout_s)

    def ask(self, session: FastHttpSession, due: int, exchange: Exchange) -> bool:
        """Send one request, check its answer, record both; whether it was right."""
        sent = now_ns()
        me = gevent.getcurrent()
        self.records.begun += 1
        self.under_way[me] = (due, sent, exchange.endpoint)
        broken = closes = followed = False
        why = ""
        try:
            # Its own limits are for each part of an answer, and for each try.
            with gevent.Timeout(self.timeout_s, TimeoutError()):
                response = self._answer(session, exchange)
                done = now_ns()
                kind, answered = _judged(exchange, response)
                answer = answer_of(response)
                closes, followed = "close" in answer.items_of("connection"), answer.more
        except Exception as error:
            # Of what its client raises, locust catches only what it knows of.
            done, broken = now_ns(), True
            kind, answered = locustclient.kind_of(error), None
            why = locustclient.words(error, kind)
        served = kind in ("ok", "connect") or (answered is not None and not closes)
        self.link.unserved += locustclient.carrier_of(session).fresh and not served
        if self.headers or broken or followed:
            # It would go on with a connection that the server keeps in spite of being asked to close it, or
            # on which an answer to nothing has come.
            session.client.clientpool.close()
        if self.under_way.pop(me, None) is not None:
            if answered is not None:
                self.link.wrong.note(due, done, kind, answered)
            elif why:
                self.link.wrong.note_unread(due, done, why)
            self.records.add((due, sent, done, row_code(exchange.endpoint, CODE[kind])))
        if broken:
            # What fails at once would let nobody else run.
            gevent.sleep(LOOK_S)
        return kind == "ok"

    def _answer(self, session: FastHttpSession, exchange: Exchange) -> FastResponse:
        """What a request is answered; as the loop's, on a new connection if the kept one was gone.

        Raises:
            Exception: it came to nothing, by what locust's client or what it stands on raises.
        """
        carrier = locustclient.carrier_of(session)
        request = exchange.request
        while True:
            carrier.fresh = carrier.read = carrier.reset = False
            response = session.request(
                request.method,
                on_the_wire(request.path),
                data=request.body or None,  # type: ignore[arg-type]
                headers={
                    "Host": request.host or self.host,
                    "Accept-Encoding": "identity",
                    **request.headers,
                    **(exchange.cookie_field() if isinstance(exchange, Visit) else {}),
                    **self.headers,
                },
                allow_redirects=False,
            )
            if response.status_code:
                return response
            error: Exception = response.error  # type: ignore[attr-defined]
            if not carrier.may_send_again(error, request.method):
                raise error
            self.link.lost += 1

    def follow(self, session: FastHttpSession, exchange: Exchange, *, right: bool) -> None:
        """Send what a user of open load sends at once when a request was answered."""
        while (follows := self.ended(exchange, right=right)) is not None:
            if self.stopping:
                return
            exchange = follows
            right = self.ask(session, now_ns(), exchange)

    def ended(self, exchange: Exchange, *, right: bool) -> Visit | None:
        """Note how a request of open load ended; what its user sends at once, None if nothing."""
        if not isinstance(self.stream, Arrivals):
            return None
        assert isinstance(exchange, Visit)
        return self.stream.ended(exchange, right=right)

    def drain(self, greenlets: list[gevent.Greenlet]) -> None:
        """Send nothing more; what isn't answered in time is unfinished.

        Raises:
            RuntimeError: a user ended by itself, so that nobody knows what was measured.
        """
        self.stopping = True
        gevent.joinall(greenlets, self.timeout_s + _SLACK_S)
        for error in (greenlet.exception for greenlet in greenlets if greenlet.ready()):
            if error is not None:
                raise RuntimeError(
                    f"a user of --client fasthttp ended by itself ({type(error).__name__}: {error}), which "
                    f"is a fault of the harness; please report it with the log"
                ) from error
        now = now_ns()
        for due, sent, endpoint in self.under_way.values():
            self.records.add((due, sent, now, row_code(endpoint, UNFINISHED)))
        self.under_way.clear()
        gevent.killall(greenlets)

    def end(self) -> None:
        for session in self.idle:
            session.client.clientpool.close()


def _closed(order: TrialOrder, crew: _Crew, mark: Callable[[], None]) -> Window:
    settled: set[int] = set()
    start, settle_ns = now_ns(), round(order.settle_s * _SECOND)

    def user(number: int) -> None:
        sleep_until(start + round(settle_ns * STARTING * number / order.load.at_once))
        session, turns = crew.session(), crew.stream if isinstance(crew.stream, Turns) else None
        while not crew.stopping:
            if turns is not None:
                turns.turn = number
            exchange = next(crew.stream)
            right = crew.ask(session, number, exchange)
            if turns is not None and isinstance(exchange, Visit):
                turns.ended(number, exchange, right=right)
            settled.add(number)
        crew.idle.append(session)

    greenlets = [gevent.spawn(user, number) for number in range(order.load.at_once)]
    sleep_until(start + settle_ns)
    until(lambda: len(settled) == order.load.at_once, start + max(SETTLE_NS, settle_ns))
    opened = order.opens_ns or now_ns()
    sleep_until(opened)
    mark()
    end = opened + round(order.length_s * _SECOND)
    sleep_until(end)
    # As the loop's: to the first answer after it, or slow servers would have none.
    until(lambda: crew.records.last_done() >= end, end + round(order.timeout_s * _SECOND))
    mark()
    closed = crew.records.first_done_from(end) or now_ns()
    # As the loop's: were they to stop, what is under way would have the server to itself.
    settled.clear()
    until(lambda: len(settled) == order.load.at_once, now_ns() + max(SETTLE_NS, settle_ns))
    crew.drain(greenlets)
    return Window(opened, closed)


def _open(order: TrialOrder, crew: _Crew, mark: Callable[[], None]) -> Window:
    settle_ns, length_ns = round(order.settle_s * _SECOND), round(order.length_s * _SECOND)
    due = due_of(order, crew.stream)
    opened = order.opens_ns or now_ns() + settle_ns
    start = opened - settle_ns
    greenlets: list[gevent.Greenlet] = []

    def open_window() -> None:
        sleep_until(opened)
        mark()

    def once(at: int, exchange: Exchange) -> None:
        session = crew.session()
        right = crew.ask(session, at, exchange)
        crew.follow(session, exchange, right=right)
        crew.idle.append(session)

    # Whether anything is due then or not.
    opening = gevent.spawn(open_window)
    for at in (start + offset for offset in due):
        sleep_until(at)
        exchange = next(crew.stream)
        if len(crew.under_way) >= order.load.at_once:
            now = now_ns()
            crew.records.begun += 1
            crew.records.add((at, now, now, row_code(exchange.endpoint, DROPPED)))
            crew.ended(exchange, right=False)
        else:
            greenlets.append(gevent.spawn(once, at, exchange))
            # It is under way once it runs: before the next, which is due already after a stall.
            gevent.sleep(0)
    opening.get()
    sleep_until(opened + length_ns)
    mark()
    crew.drain(greenlets)
    return Window(opened, opened + length_ns)


def _judged(exchange: Exchange, response: FastResponse) -> tuple[str, Answered | None]:
    """How a request ended, as `bench.load.outcomes` names it, and what a wrong answer was."""
    body: bytes = response.content or b""
    answer = answer_of(response)
    answered = Answered(answer.status, _field(answer, "location"), _field(answer, "content-type"), len(body))
    fault = exchange.expect.fault(answered.status, answered.location, body, answered.content_type)
    if isinstance(exchange, LookedExchange):
        fault = fault or exchange.look(answer.head, body)
        if fault is not None:
            exchange.note_refused(answer.head)
    fault = fault or ("excess" if answer.more else None)
    return ("ok", None) if fault is None else (fault, answered)


def _field(answer: LocustAnswer, name: str) -> bytes | None:
    """A header field as it was sent, the last of that name; None without it."""
    values = answer.values(name)
    return values[-1].encode("latin-1", "replace") if values else None


def _url(state: TargetState) -> str:
    """Where the loop would connect to."""
    address = state.address()[1]
    assert not isinstance(address, str), "a unix socket is refused beforehand"
    return f"http://{written(*address)}"
