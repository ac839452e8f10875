"""A user's own requests, sent in all ways to load: what is right of them, cookies, logins, captures."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from bench.ask.urls import scenario_of_urls
from bench.load.client import LoadDriver
from bench.load.protocol import Probed
from bench.model import Closed, Load, Open, Target, Trial, TrialOrder, UsageSource
from bench.model.scenario import AskedRequest, AskedScenario, Capture, Drawn
from tests.load.test_driver import COMMAND, ROOT
from tests.load.test_learning import WAYS
from tests.pages import HTML, Page
from tests.pages import serving as serving_pages
from tests.shop import PASSWORD, Shop, serving

CLOSED = Closed(4)
OPEN = Open(64, rate=200.0)
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
TOKEN = Capture("token", "regex", 'value="([0-9]+)"')
GET_LOGIN = AskedRequest("sign in", "/login", captures=(Capture("csrf", "regex", 'value="([0-9]+)"'),))
POST_LOGIN = AskedRequest(
    "send password", "/login", "POST", headers=FORM, status=302,
    body="name=${account.name}&password=${account.password}&csrf=${csrf}",
    uses=("account.name", "account.password", "csrf"),
)  # fmt: skip
ACCOUNTS = Drawn("account", ("name", "password"), tuple((f"user {n}", PASSWORD) for n in range(40)))
SHOP = AskedScenario(
    "shop",
    (
        AskedRequest("account", "/account", contains="account of user"),
        AskedRequest("item", "/items/${item}", weight=2.0, uses=("item",)),
        AskedRequest("form", "/form", weight=0.0, captures=(TOKEN,)),
        AskedRequest(
            "buy", "/buy", "POST", headers=FORM, body="token=${token}", uses=("token",), status=303,
            after="form",
        ),
    ),
    login=(GET_LOGIN, POST_LOGIN),
    values=(Drawn("item", first=1, last=9), ACCOUNTS),
)  # fmt: skip


@pytest.fixture(scope="module", params=WAYS)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver((*COMMAND, *WAYS[request.param]), os.environ, ROOT, (), log) as running:
        yield running


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadDriver]:
    """Probes are the same whoever sends the load."""
    log = tmp_path_factory.mktemp("driver") / "driver.log"
    with LoadDriver(COMMAND, os.environ, ROOT, (), log) as running:
        yield running


def target(url: str) -> Target:
    return Target("a", url, UsageSource("none"))


def order(load: Load, scenario: str) -> TrialOrder:
    return TrialOrder(
        case="a", target="a", scenario=scenario, load=load, length_s=0.1,
        settle_s=0.0 if load.model == "closed" else 0.05, round=1, block=1, order=0, seed="seed",
        database=None, epoch_ns=time.monotonic_ns(),
    )  # fmt: skip


def probed(driver: LoadDriver, url: str, asked: AskedScenario) -> Probed:
    driver.set_scenarios([asked])
    driver.set_targets([target(url)], store=None)
    return driver.probe("a", asked.name, None, timeout_s=10.0)


def measured(driver: LoadDriver, url: str, asked: AskedScenario, *loads: Load) -> list[Trial]:
    found = probed(driver, url, asked)
    assert found.right, found.detail
    driver.set_targets([replace(target(url), learned=found.learned)], store=None)
    return list(driver.block([order(load, asked.name) for load in loads]))


def one_request(**changes: object) -> AskedScenario:
    request = AskedRequest("it", "/api")
    return AskedScenario("mine", (replace(request, **changes),))  # type: ignore[arg-type]


def test_urls_are_sent_by_weight_and_held_to_their_first_answers(driver: LoadDriver) -> None:
    urls = ("/", "3*/items/7 ~h1", "POST /cart 303", "HEAD /", "/none 404")
    asked = scenario_of_urls({"url": urls, "data": ("a=%C3%A4",)})
    with serving(Shop()) as url:
        for trial in measured(driver, url, asked, CLOSED, OPEN):
            assert trial.ok > 0
            assert not trial.failed, trial.wrong
            assert trial.statuses.keys() <= {"200", "303", "404"}
            assert sum(trial.statuses.values()) == trial.ok
            endpoints = {name.partition("/")[2] for name in trial.histograms} - {"all"}
            assert endpoints <= {request.name for request in asked.requests}


def shows_what_it_was_asked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    fields = sorted(f"{name}: {value}" for name, value in environ.items() if name.startswith("HTTP_"))
    page = "\n".join(fields).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(page)))])
    return [page]


def test_a_page_that_shows_what_it_was_asked_with_is_right(driver: LoadDriver) -> None:
    with serving(shows_what_it_was_asked) as url:
        for trial in measured(driver, url, scenario_of_urls({"url": ("/",)}), CLOSED, OPEN):
            assert trial.ok > 0
            assert not trial.failed, trial.wrong


def test_what_is_sent_is_what_was_asked(one: LoadDriver) -> None:
    shop = Shop()
    asked = scenario_of_urls(
        {
            "url": ("POST /cart 303",),
            "json_body": ('{"a": "ä"}',),
            "header": ("X-A: b, c", "Cookie: k=v"),
            "host": "x.y",
        }
    )
    with serving(shop) as url:
        assert probed(one, url, asked).right
    assert shop.seen["HTTP_HOST"] == "x.y"
    assert shop.seen["HTTP_X_A"] == "b, c"
    assert shop.seen["HTTP_COOKIE"] == "k=v"
    assert shop.seen["CONTENT_TYPE"] == "application/json"
    assert shop.seen["body"].decode() == '{"a": "ä"}'


def test_later_answers_that_differ_are_wrong(driver: LoadDriver) -> None:
    pages = [Page(b"<p>Welcome</p>" * 20, headers=HTML)]
    with serving_pages(lambda _: pages[-1]) as url:
        asked = scenario_of_urls({"url": ("/ 200 ~Welcome",)})
        found = probed(driver, url, asked)
        driver.set_targets([replace(target(url), learned=found.learned)], store=None)
        for page, kind in (
            (Page(status=302, headers={"Location": "/login"}), "status"),
            (Page(b"", headers=HTML), "length"),
            (Page(b"<p>WELCOME</p>" * 20, headers=HTML), "body"),
        ):
            pages.append(page)
            for trial in driver.block([order(CLOSED, "urls"), order(OPEN, "urls")]):
                assert trial.errors == {kind: trial.failed}
                assert trial.failed > 0


def test_lengths_are_not_held_where_requests_change_something_or_differ(one: LoadDriver) -> None:
    with serving(Shop()) as url:
        for asked, any_length in (
            (scenario_of_urls({"url": ("/",)}), False),
            (scenario_of_urls({"url": ("/", "POST /cart 303")}), True),
            (scenario_of_urls({"url": ("/ ~elcome",)}), True),
            (AskedScenario("drawn", SHOP.requests[1:2], values=SHOP.values), True),
        ):
            assert probed(one, url, asked).learned[0].any_length == any_length


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("/account", "GET /account answers 302 to /login?next=/account, which would measure the redirect and "
         "no page. Ask for another path, have users log in first (`login` of a scenario file), or expect "
         "that status"),
        ("/secure", "answers 301 to https://shop.example/secure, which would measure the redirect and no "
         "page. Say that TLS ends before it: --header 'X-Forwarded-Proto: https'; or expect that status"),
        ("/strict", "GET /strict answers 400 Bad Request, a body of 23 bytes that begins \"this host isn't "
         'allowed". Correct the request, or expect that status, or name a host that the application allows: '
         "--host NAME"),
        ("/none", 'GET /none answers 404 Not Found, a body of 12 bytes that begins "no such page". Correct '
         "the request, or expect that status"),
        ("/ 201", "GET /: expected status 201; got status 200 OK"),
        ("/ ~Goodbye", 'a body with "Goodbye"; got status 200 OK'),
    ],
)  # fmt: skip
def test_what_is_wrong_at_first_is_refused_with_the_way_out(one: LoadDriver, spec: str, words: str) -> None:
    with serving(Shop()) as url:
        found = probed(one, url, scenario_of_urls({"url": (spec,)}))
    assert not found.right
    assert words in found.detail


def test_a_redirect_may_be_allowed(one: LoadDriver) -> None:
    with serving(Shop()) as url:
        found = probed(one, url, scenario_of_urls({"url": ("/account",), "allow_redirect": True}))
    assert [(page.status, page.location) for page in found.learned] == [(302, "/login")]


@pytest.mark.parametrize("keeps", [True, False])
def test_users_keep_their_cookies_unless_they_are_new_visitors(driver: LoadDriver, keeps: bool) -> None:
    shop = Shop()
    with serving(shop) as url:
        asked = scenario_of_urls({"url": ("/visit",), "no_cookies": not keeps})
        for trial in measured(driver, url, asked, CLOSED, OPEN):
            assert trial.ok > 0
            assert not trial.failed, trial.wrong
    assert (shop.with_cookies > 0) == keeps


def test_each_user_logs_in_once_and_sends_what_it_got(driver: LoadDriver) -> None:
    shop = Shop()
    with serving(shop) as url:
        trials = measured(driver, url, SHOP, CLOSED, CLOSED, OPEN, CLOSED)
    for trial in trials:
        assert trial.ok > 0
        assert not trial.failed, trial.wrong
        assert sum(trial.statuses.values()) == trial.ok
    assert sum(trial.statuses.get("303", 0) for trial in trials) > 0
    # The probe's user is the first of these, and logs in for itself.
    logins = Counter(shop.users)
    assert logins["user 0"] == 2
    assert set(logins) >= {f"user {n}" for n in range(4)}
    assert all(times == 1 for name, times in logins.items() if name != "user 0")
    assert {"latency/form", "latency/buy"} <= {name for trial in trials for name in trial.histograms}


def test_equal_seeds_ask_every_server_the_same(one: LoadDriver) -> None:
    def asked(load: Load) -> list[str]:
        paths: list[str] = []

        class Noting(Shop):
            def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
                paths.append(environ["PATH_INFO"])
                return super().__call__(environ, start_response)

        with serving(Noting()) as url:
            found = probed(one, url, SHOP)
            # How often a page is probed depends on how long it takes.
            paths.clear()
            one.set_targets([replace(target(url), learned=found.learned)], store=None)
            list(one.block([order(load, SHOP.name)]))
        return [path for path in paths if path.startswith("/items")]

    first, second = asked(Closed(1)), asked(Closed(1))
    least = min(len(first), len(second))
    assert least > 0
    assert first[:least] == second[:least]
    # All that is due is sent. Of two requests that are due at almost the same time either may arrive first.
    assert sorted(asked(OPEN)) == sorted(asked(OPEN)) != []


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"expect_json": (("items.0.id", "8"),)}, "json", "items.0.id of the JSON body to be '8'; got '7'"),
        ({"expect_json": (("items.1.id", "7"),)}, "json",
         "expected items.1.id of the JSON body to be '7'; there is none"),
        ({"expect_headers": (("X-Version", "4"),)}, "header", "X-Version to be '4'; got '3'"),
        ({"captures": (Capture("id", "json", "items.3"),)}, "capture",
         "the answer has no id: the JSON path 'items.3' finds nothing"),
        ({"captures": (Capture("v", "header", "X-None"),)}, "capture",
         "the answer has no v: the field 'X-None' finds nothing"),
    ],
)  # fmt: skip
def test_a_closer_look_finds_what_is_wrong(
    one: LoadDriver, changes: dict[str, object], kind: str, words: str
) -> None:
    with serving(Shop()) as url:
        found = probed(one, url, one_request(**changes))
    assert (found.right, found.fault) == (False, kind)
    assert words in found.detail


def test_a_closer_look_is_had_at_every_answer(driver: LoadDriver) -> None:
    right = {"expect_json": (("items.0.id", "7"),), "expect_headers": (("x-version", "3"),)}
    with serving(Shop()) as url:
        for trial in measured(driver, url, one_request(**right), CLOSED, OPEN):
            assert trial.ok > 0
            assert not trial.failed, trial.wrong
    pages = [Page(b'{"n": 1}')]
    with serving_pages(lambda _: pages[-1]) as url:
        asked = one_request(path="/", expect_json=(("n", "1"),))
        found = probed(driver, url, asked)
        driver.set_targets([replace(target(url), learned=found.learned)], store=None)
        pages.append(Page(b'{"n": 2}'))
        for trial in driver.block([order(CLOSED, "mine"), order(OPEN, "mine")]):
            assert trial.errors == {"json": trial.failed}
            assert trial.wrong == {"200, another value in its JSON": trial.failed}


def test_a_user_who_cannot_log_in_is_named_beside_the_wrong_answers(driver: LoadDriver) -> None:
    """The first user of each process can: it is the probe's, too."""
    rows = tuple((f"user {n}", PASSWORD if n < 2 else "guess") for n in range(4))
    asked = replace(SHOP, values=(SHOP.values[0], replace(ACCOUNTS, rows=rows)))
    with serving(Shop()) as url:
        for trial in measured(driver, url, asked, CLOSED):
            assert trial.wrong["login: 200"] == 2
            assert trial.wrong["302 to /login"] == trial.failed > 0
            assert trial.ok > 0


def test_a_login_that_fails_says_what_it_answered(one: LoadDriver) -> None:
    wrong = replace(ACCOUNTS, rows=(("eve", "guess"),))
    with serving(Shop()) as url:
        found = probed(one, url, replace(SHOP, values=(wrong,)))
    assert not found.right
    assert found.detail.startswith("login: POST /login: expected status 302; got status 200 OK")
    assert "Wrong name or password" in found.detail
    assert "guess" not in found.detail
