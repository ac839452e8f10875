"""Whose turn it is in open load of users with a state of their own."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench.catalogue.scenarios.looking import Seen
from bench.load.arrivals import Arrivals
from bench.load.client import LoadDriver
from bench.load.visitors import Crowd, Visitors
from bench.model import Closed, Open, TrialOrder
from bench.model.scenario import AskedRequest, AskedScenario, Drawn
from tests.load.test_asked import FORM, TOKEN, measured, order
from tests.load.test_driver import COMMAND, ROOT
from tests.load.test_learning import WAYS
from tests.shop import cookies, serving

CAP = 40
FORMS = AskedScenario(
    "forms",
    (
        AskedRequest("form", "/form", weight=0.0, captures=(TOKEN,)),
        AskedRequest(
            "buy", "/buy", "POST", headers=FORM, body="token=${token}", uses=("token",), status=303,
            after="form",
        ),
    ),
)  # fmt: skip
PAGES = AskedScenario("pages", (AskedRequest("page", "/page"),))
DRAWN = AskedScenario(
    "drawn",
    (*PAGES.requests, AskedRequest("item", "/items/${item}", uses=("item",))),
    values=(Drawn("item", first=1, last=9),),
)
LOGIN = (AskedRequest("sign in", "/login"),)


def users(asked: AskedScenario, crowd: Crowd) -> tuple[Visitors, TrialOrder]:
    endpoints = tuple(request.name for request in asked.requests)
    visitors = Visitors(asked, endpoints, lambda r: r.expect, "x.test", close=False, crowd=crowd)
    return visitors, order(Open(CAP, rate=100.0), asked.name)


def numbers_of(arrivals: Arrivals, count: int) -> list[int]:
    return [visit.visitor.number for visit in itertools.islice(arrivals, count)]


def test_nobody_has_two_chains_under_way() -> None:
    visitors, trial = users(FORMS, Crowd())
    arrivals = Arrivals(visitors, trial)
    assert numbers_of(arrivals, CAP) == list(range(CAP))
    # All of the cap's users wait: what comes now finds the cap reached, too.
    assert visitors.crowd.size == CAP
    assert numbers_of(Arrivals(visitors, trial), CAP) == list(range(CAP))


def test_who_is_idle_for_longest_comes_next() -> None:
    visitors, trial = users(FORMS, Crowd(3))
    arrivals = Arrivals(visitors, trial)
    first, second, third = itertools.islice(arrivals, 3)
    assert arrivals.ended(third, right=False) is None
    assert arrivals.ended(first, right=False) is None
    assert numbers_of(arrivals, 3) == [2, 0, 3]
    second.seen = Seen(values={"token": "7"})
    buys = arrivals.ended(second, right=True)
    assert buys is not None
    assert b"token=7" in buys.payload
    assert numbers_of(arrivals, 1) == [4]
    assert arrivals.ended(buys, right=True) is None
    assert numbers_of(arrivals, 1) == [1]


def test_equal_seeds_ask_the_same_in_the_same_order() -> None:
    visitors, trial = users(DRAWN, Crowd())
    others, _ = users(DRAWN, Crowd(3))
    first, second = (
        [visit.payload for visit in itertools.islice(Arrivals(each, trial), CAP)]
        for each in (visitors, others)
    )
    assert first == second
    assert len(set(first)) > 2


def test_users_who_log_in_are_more_in_the_next_trial() -> None:
    crowd = Crowd(4)
    visitors, trial = users(replace(FORMS, login=LOGIN), crowd)
    arrivals = Arrivals(visitors, trial)
    assert numbers_of(arrivals, 4) == [0, 1, 2, 3]
    assert crowd.size == 4
    assert sorted(numbers_of(arrivals, 4)) == [0, 1, 2, 3]
    assert crowd.size == 8
    # Of whichever server.
    others, trial = users(replace(FORMS, login=LOGIN), crowd)
    assert numbers_of(Arrivals(others, trial), 8) == list(range(8))


def test_users_with_single_requests_take_turns() -> None:
    visitors, trial = users(PAGES, Crowd(3))
    assert numbers_of(Arrivals(visitors, trial), 7) == [0, 1, 2, 0, 1, 2, 0]


class Forms:
    """Keeps one token a session, which each form replaces, and is slow to show it.

    Attributes:
        sessions: the token of each.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.sessions: dict[str, str] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        session = cookies(environ).get("sid") or str(next(self._numbers))
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if environ["PATH_INFO"] == "/form":
            token = self.sessions[session] = str(next(self._numbers))
            time.sleep(0.02)
            status, page = "200 OK", f'<input name=token value="{token}">'.encode()
        elif environ["PATH_INFO"] == "/login":
            status, page = "200 OK", b"welcome"
        else:
            right = re.fullmatch(rb"token=(\d+)", body)[1].decode() == self.sessions.get(session)  # type: ignore[index]
            status, page = "303 See Other" if right else "403 Forbidden", b""
        headers = [("Content-Type", "text/html"), ("Content-Length", str(len(page)))]
        start_response(status, [*headers, ("Set-Cookie", f"sid={session}; Path=/")])
        return [page]


@pytest.fixture(scope="module", params=WAYS)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver((*COMMAND, *WAYS[request.param]), os.environ, ROOT, (), log) as running:
        yield running


@pytest.mark.parametrize("login", [(), LOGIN])
def test_forms_are_not_replaced_under_their_users(
    driver: LoadDriver, login: tuple[AskedRequest, ...]
) -> None:
    """Of so many a second nearly all wait for a form."""
    crowded = Open(64, rate=1000.0)
    forms = Forms()
    with serving(forms) as url:
        *_, last = measured(driver, url, replace(FORMS, login=login), Closed(4), *[crowded] * 4)
    assert last.ok > 0
    assert not last.failed, last.wrong
    assert len(forms.sessions) > Crowd().size
