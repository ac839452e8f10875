"""Cookies of wrong answers count as those of right ones: a browser takes them, too."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable

from bench.load.client import LoadDriver
from bench.model import Closed, Open
from bench.model.scenario import AskedRequest, AskedScenario
from tests.load.test_arrivals import driver  # noqa: F401 - a fixture
from tests.load.test_asked import measured
from tests.shop import cookies, serving

PAGE = AskedScenario("page", (AskedRequest("page", "/"),))
USERS = 4
LOADS = (Closed(USERS), Closed(USERS), Open(64, rate=200.0))
PROBED = 50


class Rotating:
    """Gives each user a new session with every answer, also with each twentieth, which is refused.

    Attributes:
        answered: how many answers were of each status.
    """

    def __init__(self) -> None:
        self.answered: list[str] = []
        self._numbers = itertools.count(1)
        self._valid: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
        session = cookies(environ).get("s")
        with self._lock:
            number = next(self._numbers)
            stale = session is not None and session not in self._valid
            self._valid.discard(session or "")
            self._valid.add(str(number))
            busy = number > PROBED and number % 20 == 0
            status = "403 Forbidden" if stale else "503 Service Unavailable" if busy else "200 OK"
            self.answered.append(status)
        body = b"hello"
        start_response(status, [("Content-Length", "5"), ("Set-Cookie", f"s={number}; Path=/")])
        return [body]


def variants(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """One page for each second visitor, another for the rest, as long as they show their cookies."""
    variant = cookies(environ).get("v") or "ab"[next(VISITORS) % 2]
    body = b"a" * 100 if variant == "a" else b"b" * 180
    start_response("200 OK", [("Content-Length", str(len(body))), ("Set-Cookie", f"v={variant}; Path=/")])
    return [body]


VISITORS = itertools.count()


def test_a_session_lives_on_after_a_wrong_answer(driver: LoadDriver) -> None:  # noqa: F811
    application = Rotating()
    with serving(application) as url:
        trials = measured(driver, url, PAGE, *LOADS)
    refused, stale = (
        application.answered.count(status) for status in ("503 Service Unavailable", "403 Forbidden")
    )
    assert refused
    # A machine that stands still keeps answers, and so sessions, from their users: from all of one trial, or
    # from a few here and there.
    assert stale <= USERS + refused / 4
    for trial in trials:
        assert trial.failed < trial.ok
        assert trial.errors.keys() <= {"status"}


def test_a_visitor_keeps_the_variant_that_isnt_expected(driver: LoadDriver) -> None:  # noqa: F811
    with serving(variants) as url:
        trials = measured(driver, url, PAGE, *LOADS)
    for trial in trials:
        assert trial.unserved == 0
    # Half of the users have the other one, and go on to get it.
    for closed in trials[:2]:
        assert 0.3 < closed.failed / closed.offered < 0.7
