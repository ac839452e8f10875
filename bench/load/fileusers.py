"""One trial by the users of a locust file, who drive themselves; locust's events tell what they saw."""

from __future__ import annotations

import gc
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import locust
from gevent import Greenlet
from locust import User, constant
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.runners import LocalRunner

from bench.catalogue.scenarios.locustfile import SCENARIO
from bench.load import locustclient
from bench.load.clock import now_ns
from bench.load.exchange import Exchange
from bench.load.outcomes import CODE, UNFINISHED
from bench.load.records import Records, Window, row_code
from bench.load.targetstate import TargetState
from bench.load.userfaults import in_task, kind_of
from bench.load.userfile import Named, client_of, options, read
from bench.load.waiting import sleep_until, until
from bench.load.wrong import WrongAnswers
from bench.model import TrialOrder
from bench.model.loads.closed import STARTING

OTHERS = "others"
MOST_ENDPOINTS = 30
"""So many names of requests are told apart; what else is asked is one endpoint, `OTHERS`."""
_SECOND = 1_000_000_000
_BEGIN_S = 30.0
_STOP_S = 1.0
_NAME = 80
_events: Any = locust.events  # untyped in locust


class FileUsers:
    """Runs one trial, in a process of its own: the file is imported there anew, as for each run of locust.

    Attributes:
        name: of the file.
        names: of the endpoints that trials have seen so far.
        statuses: of the answers in this trial's window.
    """

    def __init__(self, named: Named) -> None:
        self._named = named
        self.name = named.path.name
        self.names: list[str] = []
        self.statuses: dict[str, int] = {}
        self._seen: list[tuple[int, int]] = []
        self._under_way: dict[Greenlet, int] = {}
        self._given_up: set[Greenlet] = set()
        self._begun: set[User] = set()
        self._ready: set[User] = set()
        self._ended: list[str] = []

    def conduct(
        self,
        order: TrialOrder,
        state: TargetState,
        _stream: Iterator[Exchange],
        records: Records,
        mark: Callable[[], None],
        _breathe: Callable[[], None],
    ) -> Window:
        """One trial: every user begins, all settle, what ends within the window counts, and what is under way
        at its end is followed to its own.
        """
        link = state.link(order.load.connection)
        # As in locust itself: what its clients leave behind is more than a trial may gather.
        gc.enable()
        random.seed(order.seed)
        family, address = state.address()
        assert not isinstance(address, str), "a unix socket is refused beforehand"
        locustclient.look_up(state.host, family, address)
        locustclient.count_connections(link)
        self._note_requests(records, link.wrong)
        runner = self._runner(order, f"http://{state.host}")
        runner.start(order.load.at_once, order.load.at_once)
        until(lambda: self._all_ready(runner), now_ns() + round(_BEGIN_S * _SECOND))
        # They have begun one after the other in the other part of settling.
        opened = now_ns() + round(order.settle_s * (1 - STARTING) * _SECOND)
        sleep_until(opened)
        there = self._there(runner)
        self._note_missing(records, link.wrong, order.load.at_once - len(there), opened)
        mark()
        closed = opened + round(order.length_s * _SECOND)
        sleep_until(closed)
        mark()
        self._note_missing(records, link.wrong, len(there - self._there(runner)), closed - 1)
        self._drain(records, round(order.timeout_s * _SECOND))
        runner.quit()
        _events.quitting.fire(environment=runner.environment, reverse=True)
        records.begun = len(records)
        records.endpoints = tuple(self.names)
        seen = (status for done, status in self._seen if opened < done <= closed)
        self.statuses = dict(Counter(map(str, seen)))
        return Window(opened, closed)

    def _runner(self, order: TrialOrder, host: str) -> LocalRunner:
        parsed: Any = None
        if order.scenario == SCENARIO.name:
            classes = read(self._named)
            parsed = options(self._named, host, order.load.at_once)
        else:
            classes = [_asking(one, order.load.connection) for one in read(self._named)]
        settling_ns = round(order.settle_s * STARTING * _SECOND)
        self._watch_users(classes, settling_ns / order.load.at_once)
        environment = Environment(
            user_classes=classes,
            events=_events,
            host=host,
            stop_timeout=_STOP_S,
            parsed_options=parsed,
            locustfile=self._named.path.name,
        )
        runner = environment.create_local_runner()
        if parsed is not None:
            _events.init.fire(environment=environment, runner=runner, web_ui=None)
        return runner

    def _note_requests(self, records: Records, wrong: WrongAnswers) -> None:
        """Have each request that ends leave a row, whoever's client it is; before the file adds listeners."""

        def request(
            request_type: Any,
            name: Any,
            response_time: float | None,
            exception: BaseException | None = None,
            response: Any = None,
            **_more: Any,
        ) -> None:
            done = now_ns()
            if gevent.getcurrent() in self._given_up:
                return
            sent = done - round((response_time or 0.0) * 1e6)
            status = int(getattr(response, "status_code", 0) or 0)
            endpoint = self._endpoint(f"{request_type} {name}")
            kind, words = ("ok", "") if exception is None else kind_of(exception, status)
            records.add((0, sent, done, row_code(endpoint, CODE[kind])))
            if words:
                wrong.note_words(0, done, words)
            if status:
                self._seen.append((done, status))

        def user_error(user_instance: Any, exception: BaseException, **_more: Any) -> None:
            user = getattr(user_instance, "user", user_instance)
            if user in self._ready:
                done = now_ns()
                # No request, so it has no time.
                records.add((0, 0, done, row_code(0, CODE["task"])))
                wrong.note_words(0, done, in_task(exception, "a task"))

        _events.request.add_listener(request)
        _events.user_error.add_listener(user_error)
        for session in (HttpSession, FastHttpSession):
            self._follow(session)

    def _follow(self, session: Any) -> None:
        """Have a client of locust's tell what is under way."""
        ask = session.request

        def request(client: Any, *words: Any, **more: Any) -> Any:
            me = gevent.getcurrent()
            self._under_way[me] = now_ns()
            try:
                return ask(client, *words, **more)
            finally:
                self._under_way.pop(me, None)

        session.request = request

    def _watch_users(self, classes: list[type[User]], apart_ns: float) -> None:
        """Have users begin one after the other, and tell when they have."""

        def watched(begin: Callable[[User], None]) -> Callable[[User], None]:
            def on_start(user: User) -> None:
                if user in self._begun:
                    return begin(user)
                self._begun.add(user)
                gevent.sleep(len(self._begun) * apart_ns / _SECOND)
                try:
                    begin(user)
                except Exception as error:
                    self._ended.append(in_task(error, "on_start"))
                    raise
                self._ready.add(user)

            return on_start

        for one, begin in [(one, one.on_start) for one in classes]:
            one.on_start = watched(begin)  # type: ignore[method-assign, assignment]

    def _all_ready(self, runner: LocalRunner) -> bool:
        spawning = runner.spawning_greenlet
        spawned = spawning is not None and spawning.ready()
        return spawned and len(self._there(runner)) == len(runner.user_greenlets)

    def _there(self, runner: LocalRunner) -> set[User]:
        """The users who have begun and go on."""
        return {user for greenlet in runner.user_greenlets for user in greenlet.args if user in self._ready}

    def _note_missing(self, records: Records, wrong: WrongAnswers, number: int, at: int) -> None:
        """Users without whom this isn't the load that was asked for are failures, each once a trial."""
        words = self._ended or ["a user that ended by itself, or had not begun"]
        for index in range(number):
            records.add((0, 0, at + 1, row_code(0, CODE["user"])))
            wrong.note_words(0, at + 1, words[min(index, len(words) - 1)])

    def _endpoint(self, name: str) -> int:
        name = "".join(letter if letter.isprintable() else "?" for letter in name[:_NAME])
        if name not in self.names:
            if len(self.names) > MOST_ENDPOINTS:
                name = OTHERS
            elif len(self.names) == MOST_ENDPOINTS:
                self.names.append(OTHERS)
                name = OTHERS
            else:
                self.names.append(name)
        return self.names.index(name)

    def _drain(self, records: Records, timeout_ns: int) -> None:
        """Let users go on until what is under way now has ended; what takes too long is unfinished."""
        waited_for = dict(self._under_way)

        def left() -> list[Greenlet]:
            return [one for one, sent in waited_for.items() if self._under_way.get(one) == sent]

        until(lambda: not left(), now_ns() + timeout_ns)
        for greenlet in left():
            self._given_up.add(greenlet)
            records.add((0, waited_for[greenlet], now_ns(), row_code(0, UNFINISHED)))


def _asking(one: type[User], connection: str) -> type[User]:
    """A user with the same client, who asks for `/` without thinking: what this client can do at all."""
    headers = {"Connection": "close"} if connection == "close" else {}
    client = client_of(one)
    client = locust.HttpUser if client is User else client

    def ask(user: Any) -> None:
        user.client.get("/", headers=headers)

    members = {"wait_time": constant(0), "tasks": [ask], "weight": one.weight, "fixed_count": one.fixed_count}
    return type(one.__name__, (client,), members)
