"""The driver learns a page from its first answers, and holds every later one to it, in all ways to load."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.load.client import LoadDriver
from bench.load.protocol import Probed
from bench.model import Closed, Load, Open, Target, Trial, TrialOrder, UsageSource
from tests.load.test_driver import COMMAND, ROOT
from tests.pages import HTML, Page, serving

WAYS = {
    "loop": (),
    "processes": ("--processes", "2"),
    "fasthttp": ("--client", "fasthttp"),
}
CLOSED = Closed(4)
OPEN = Open(64, rate=200.0)
JSON = {"Content-Type": "application/json"}
WELCOME = Page(b"<p>Welcome</p>" * 20, headers=HTML)


@pytest.fixture(scope="module", params=WAYS)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver((*COMMAND, *WAYS[request.param]), os.environ, ROOT, (), log) as running:
        yield running


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    """Probes are the same whoever sends the load."""
    log: Path = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver(COMMAND, os.environ, ROOT, (), log) as running:
        yield running


def target(url: str) -> Target:
    return Target("a", url, UsageSource("none"))


def probed(driver: LoadDriver, at: Target, scenario: str = "get") -> Probed:
    driver.set_targets([at], store=None)
    return driver.probe("a", scenario, None, timeout_s=10.0)


def order(load: Load, scenario: str = "get") -> TrialOrder:
    return TrialOrder(
        case="a", target="a", scenario=scenario, load=load, length_s=0.1,
        settle_s=0.0 if load.model == "closed" else 0.05, round=1, block=1, order=0, seed="seed",
        database=None, epoch_ns=time.monotonic_ns(),
    )  # fmt: skip


def measured(
    driver: LoadDriver,
    first: Callable[[int], Page],
    *loads: Load,
    later: Callable[[int], Page] | None = None,
    scenario: str = "get",
) -> list[Trial]:
    """Trials against pages, or against those that come later, once the first are known."""
    pages = [first]
    with serving(lambda n: pages[-1](n)) as url:
        at = target(url)
        found = probed(driver, at, scenario)
        assert found.right, found.detail
        driver.set_targets([replace(at, learned=found.learned)], store=None)
        pages.append(later or first)
        return list(driver.block([order(load, scenario) for load in loads]))


@pytest.mark.parametrize(
    ("later", "kind", "status", "words"),
    [
        (Page(status=302, headers={"Location": "/slow-down"}), "status", "302", "302 to /slow-down"),
        (Page(b"busy", status=503), "status", "503", "503"),
        (Page(headers=HTML), "length", "200", "200, no body"),
        (Page(b"busy", headers=HTML), "length", "200", "200, 4 bytes"),
        (Page(WELCOME.body, headers=JSON), "type", "200", "200, application/json"),
    ],
)  # fmt: skip
def test_later_answers_of_another_kind_are_wrong(
    driver: LoadDriver, later: Page, kind: str, status: str, words: str
) -> None:
    for trial in measured(driver, lambda _: WELCOME, CLOSED, OPEN, later=lambda _: later):
        assert trial.ok == 0
        assert trial.errors == {kind: trial.failed}
        assert trial.statuses == {status: trial.failed}
        assert trial.wrong == {words: trial.failed}
        assert trial.failed > 0


def test_right_and_wrong_answers_are_counted_by_status(driver: LoadDriver) -> None:
    away = Page(status=302, headers={"Location": "/login?next=/"})
    trials = measured(driver, lambda _: WELCOME, CLOSED, OPEN, later=lambda n: WELCOME if n % 2 else away)
    for trial in trials:
        assert trial.statuses == {"200": trial.ok, "302": trial.failed}
        assert trial.wrong == {"302 to /login": trial.failed}
        assert min(trial.ok, trial.failed) > 0


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("token", lambda n: Page(b"<p>Hello</p>%032x" % (n * 7919), headers=HTML)),
        ("counter", lambda n: Page(b"You are visitor %d" % (n * 1000), headers=HTML)),
        ("cookie", lambda n: Page(b"Hello", headers={**HTML, "Set-Cookie": f"session={n * 7919}"})),
        ("length", lambda n: Page(b"x" * (1000 + n * 31 % 60), headers=HTML)),
        ("empty", lambda _: Page()),
        ("no content", lambda _: Page(status=204)),
        ("not modified", lambda _: Page(status=304)),
    ],
)  # fmt: skip
def test_a_page_that_varies_within_reason_stays_right(
    driver: LoadDriver, name: str, page: Callable[[int], Page]
) -> None:
    for trial in measured(driver, page, CLOSED, OPEN):
        assert trial.ok > 0, name
        assert not trial.errors, trial.wrong
        assert sum(trial.statuses.values()) == trial.ok


def test_a_redirect_with_a_token_is_measured_as_such(driver: LoadDriver) -> None:
    def page(number: int) -> Page:
        return Page(status=302, headers={"Location": f"/login?token={number}"})

    for trial in measured(driver, page, CLOSED, OPEN, scenario="redirect"):
        assert trial.statuses == {"302": trial.ok}
        assert not trial.errors


def test_a_probe_learns_what_varies(one: LoadDriver) -> None:
    with serving(lambda n: Page(b"x" * (100 + n), headers=HTML)) as url:
        (learned,) = probed(one, target(url)).learned
    assert (learned.status, learned.media_type, learned.location) == (200, "text/html", None)
    assert (learned.shortest, learned.longest) == (101, 100 + learned.probes)
    assert 3 < learned.probes <= 20
    assert (learned.scenario, learned.endpoint, learned.request) == ("get", "get", "GET /")


def test_failures_among_the_first_answers_are_no_page(one: LoadDriver) -> None:
    with serving(lambda n: WELCOME if n % 2 else Page(b"oops", status=500)) as url:
        (learned,) = probed(one, target(url)).learned
    assert (learned.shortest, learned.longest) == (280, 280)
    assert learned.status == 200


@pytest.mark.parametrize(
    ("page", "answers"),
    [
        (Page(status=302, headers={"Location": "/login?next=/"}), "302 to /login?next=/"),
        (Page(status=308, headers={"Location": "https://shop.example/"}), "308 to https://shop.example/"),
        (Page(status=301), "301, without a Location"),
    ],
)
def test_a_redirect_is_no_page_and_is_named(one: LoadDriver, page: Page, answers: str) -> None:
    with serving(lambda _: page) as url:
        found = probed(one, target(url))
    assert (found.right, found.fault) == (False, "status")
    assert found.detail == (
        f"GET / answers {answers}, which would measure the redirect and no page. Have / answered with a "
        f"page, or measure the redirect as such: --scenarios redirect"
    )


def test_an_error_page_is_no_page(one: LoadDriver) -> None:
    with serving(lambda _: Page(b"busy", status=503)) as url:
        found = probed(one, target(url))
    assert not found.right
    assert "503" in found.detail


@pytest.mark.parametrize(
    ("now", "fault", "instead"),
    [
        (Page(headers=HTML), "length", "200, text/html, no body"),
        (Page(WELCOME.body), "type", "200, 280 bytes"),
        (Page(status=302, headers={"Location": "/login?x"}), "status", "302 to /login?x, no body"),
    ],
)
def test_a_page_that_is_another_after_a_restart_is_named(
    one: LoadDriver, now: Page, fault: str, instead: str
) -> None:
    with serving(lambda _: WELCOME) as url:
        learned = probed(one, target(url)).learned
    with serving(lambda _: now) as url:
        found = probed(one, replace(target(url), learned=learned))
    assert (found.right, found.fault) == (False, fault)
    assert found.detail == (
        f"GET / answered 200, text/html, 280 bytes (273 to 293 are taken) when this run began, and answers "
        f"{instead} now. Find out what has changed, or start a new run"
    )


def test_a_page_that_is_the_same_after_a_restart_is_right_and_not_learned_again(one: LoadDriver) -> None:
    with serving(lambda _: WELCOME) as url:
        learned = probed(one, target(url)).learned
    with serving(lambda _: WELCOME) as url:
        found = probed(one, replace(target(url), learned=learned))
    assert (found.right, found.learned) == (True, ())
