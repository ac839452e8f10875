"""An application called without a server: what is counted, what is left out, and what can't be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.deploy.starting import Start
from bench.model import Learned, OwnCost
from bench.model.project import Project
from bench.model.scenario import AskedRequest, AskedScenario, Capture, Drawn
from bench.run.own_calls import called, recorded
from tests.preflight.looking import environment

BURN_S, SLEEP_S = 0.001, 0.01
APPLICATION = f"""
import threading, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/burn":
        until = time.thread_time() + {BURN_S}
        while time.thread_time() < until:
            pass
    if path == "/sleep":
        time.sleep({SLEEP_S})
    if path == "/raise":
        raise KeyError(path)
    start_response("302 Found" if path == "/account" else "200 OK", [])
    return [b"body"]

def spin():
    while True:
        pass

def spinning():
    threading.Thread(target=spin, daemon=True).start()
    return application
"""


def scenario(*paths: str, weight: float = 1.0) -> AskedScenario:
    return AskedScenario("own", tuple(AskedRequest(f"GET {path}", path, weight=weight) for path in paths))


def page(path: str, status: int = 200, length: int = 4) -> Learned:
    return Learned("gunicorn.own", "own", f"GET {path}", f"GET {path}", 1, status, "", None, length, length)


def call(
    folder: Path,
    asked: AskedScenario,
    *pages: Learned,
    name: str = "web:application",
    before: OwnCost | None = None,
) -> OwnCost:
    (folder / "web.py").write_text(APPLICATION)
    project = Project(str(folder), sys.executable, name)
    start = Start((), folder, environment())
    return called(1, project, start, asked, pages, (), 10.0, before or OwnCost(asked.name))


def test_what_a_page_burns_is_counted(tmp_path: Path) -> None:
    cost = call(tmp_path, scenario("/burn"), page("/burn"))

    [calls] = cost.calls
    assert calls.calls > 1
    assert calls.cpu_s >= BURN_S
    assert (cost.covered, cost.requests, cost.left_out) == (1.0, ("GET /burn",), ())


def test_waiting_is_no_cpu_time(tmp_path: Path) -> None:
    [calls] = call(tmp_path, scenario("/sleep"), page("/sleep")).calls

    assert calls.wait_s > SLEEP_S / 2


def test_what_answers_otherwise_is_left_out_and_counts_as_nothing(tmp_path: Path) -> None:
    asked = scenario("/burn", "/account", "/raise", "/long")
    pages = page("/burn"), page("/account"), page("/raise"), page("/long", length=4000)
    cost = call(tmp_path, asked, *pages)

    assert cost.requests == ("GET /burn",)
    assert cost.covered == 0.25
    assert cost.left_out == (
        "GET /account answers 302 without a server, instead of 200",
        "GET /raise raises KeyError without a server",
        "GET /long answers 4 bytes without a server, instead of 4,000",
    )
    assert cost.calls[0].cpu_s >= BURN_S / 4


def test_later_rounds_call_what_the_first_one_called(tmp_path: Path) -> None:
    first = call(tmp_path, scenario("/", "/account"), page("/"), page("/account"))
    second = call(tmp_path, scenario("/", "/account"), page("/"), page("/account"), before=first)

    assert len(second.calls) == 2
    assert second.requests == ("GET /",)
    assert second.left_out == first.left_out


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("web:nothing", "without a server the application can't be called (no-callable nothing)"),
        ("web:spinning()", "of a CPU while nothing is asked of it"),
    ],
)
def test_why_nothing_is_known(tmp_path: Path, name: str, why: str) -> None:
    cost = call(tmp_path, scenario("/"), page("/"), name=name)

    assert cost.calls == ()
    assert why in cost.left_out[0]


def test_what_has_to_be_left_out_before_anything_is_called() -> None:
    token = Capture("token", "regex", "(.*)")
    asked = AskedScenario(
        "own",
        (
            AskedRequest("GET /form", "/form", weight=0, captures=(token,)),
            AskedRequest("POST /send", "/send", "POST", weight=2, uses=("token",), after="GET /form"),
            AskedRequest("GET /mine", "/mine?${token}", uses=("token",)),
            AskedRequest("GET /item", "/item/${item}", weight=7, uses=("item",)),
        ),
        values=(Drawn("item", first=1, last=9),),
    )

    can, left, weight = recorded(asked)

    assert [(request.name, request.weight) for request in can] == [("GET /item", 7), ("GET /form", 2)]
    assert {form["path"] for form in can[0].forms} <= {f"/item/{number}" for number in range(1, 10)}
    assert len(can[0].forms) > 1
    assert left == ("POST /send may write", "GET /mine needs a value from another answer")
    assert weight == 12
