"""Which of a user's own requests is sent next, with which values, and how these are written."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from bench.catalogue.scenarios import SCENARIOS
from bench.catalogue.scenarios.asked import Mix, made, scenario_of
from bench.catalogue.scenarios.looking import Seen, look
from bench.model.scenario import AskedRequest, AskedScenario, Capture, Drawn
from bench.model.secrets import digest, without_secrets

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("content-type", "application/json; charset=utf-8"),)
ITEM = Drawn("item", first=1, last=3)


def paths(asked: AskedScenario, seed: int, number: int = 400) -> list[str]:
    return [request.path for request in islice(made(asked).requests(random.Random(seed)), number)]


def test_requests_are_drawn_by_their_weights_and_the_same_for_equal_seeds() -> None:
    asked = AskedScenario("a", (AskedRequest("x", "/x", weight=3.0), AskedRequest("y", "/y")))
    counts = Counter(paths(asked, 1, 4000))
    assert 2800 < counts["/x"] < 3200
    assert paths(asked, 1) == paths(asked, 1) != paths(asked, 2)


def test_values_are_drawn_for_each_request_and_the_same_for_equal_seeds() -> None:
    asked = AskedScenario("a", (AskedRequest("x", "/x/${item}", uses=("item",)),), values=(ITEM,))
    assert set(paths(asked, 1)) == {"/x/1", "/x/2", "/x/3"}
    assert paths(asked, 1) == paths(asked, 1) != paths(asked, 2)


def test_equal_requests_are_one_so_that_their_answers_are_known() -> None:
    asked = AskedScenario("a", (AskedRequest("x", "/x/${item}", uses=("item",)),), values=(ITEM,))
    stream = made(asked).requests(random.Random(1))
    assert len({id(request) for request in islice(stream, 200)}) == 3
    many = AskedScenario("a", asked.requests, values=(Drawn("item", first=1, last=10**9),))
    requests = list(islice(made(many).requests(random.Random(1)), 2000))
    assert sum(not request.unique for request in requests) == 256


@pytest.mark.parametrize(
    ("request_", "path", "body", "field"),
    [
        (AskedRequest("x", "/${v}?q=${v}", uses=("v",)), "/a%20%22%2F%C3%A4?q=a%20%22%2F%C3%A4", "", ""),
        (AskedRequest("x", "/", "POST", headers=FORM, body="a=${v}&b=%20", uses=("v",)),
         "/", "a=a+%22%2F%C3%A4&b=%20", ""),
        (AskedRequest("x", "/", "POST", headers=JSON, body='{"a": "${v}"}', uses=("v",)),
         "/", '{"a": "a \\"/\\u00e4"}', ""),
        (AskedRequest("x", "/", "POST", body="${v} ${w}", uses=("v",)), "/", 'a "/ä ${w}', ""),
        (AskedRequest("x", "/", headers=(("X-V", "<${v}>"),), uses=("v",)), "/", "", '<a "/ä>'),
        (AskedRequest("x", "/${v}"), "/${v}", "", ""),
    ],
)  # fmt: skip
def test_a_value_is_written_as_its_place_wants_it(
    request_: AskedRequest, path: str, body: str, field: str
) -> None:
    [(prepared,)] = Mix(AskedScenario("a", (request_,))).each
    made_ = prepared.request({"v": 'a "/ä'})
    assert (made_.path, made_.body.decode(), made_.headers.get("X-V", "")) == (path, body, field)
    made_.encode("localhost", close=False)


def test_a_value_cannot_end_a_header_field() -> None:
    request = AskedRequest("x", "/", headers=(("X-V", "${v}"),), uses=("v",))
    [(prepared,)] = Mix(AskedScenario("a", (request,))).each
    assert b"\r\nEvil" not in prepared.request({"v": "a\r\nEvil: b"}).encode("localhost", close=False)


@pytest.mark.parametrize("where", ["path", "header", "body"])
def test_whatever_an_answer_has_can_be_sent(where: str) -> None:
    request = AskedRequest("x", "/", "POST", captures=(Capture("v", "json", "a"),), uses=("v",))
    places: dict[str, Any] = {
        "path": {"path": "/${v}"},
        "header": {"headers": (("X-V", "${v}"),)},
        "body": {"headers": (("Content-Type", "text/plain"),), "body": "${v}"},
    }
    [(prepared,)] = Mix(AskedScenario("a", (replace(request, **places[where]),))).each
    for text in (b"\\ud800", "Żółw".encode(), b"\\u0000"):
        values = look(request, [], b'{"a": "%b"}' % text).values
        assert prepared.request(values).encode("localhost", close=False)


def test_a_chain_comes_with_its_last_request_and_has_one_draw() -> None:
    first = AskedRequest("first", "/1/${item}", weight=0.0, uses=("item",))
    second = AskedRequest("second", "/2/${item}", weight=0.0, uses=("item",), after="first")
    third = AskedRequest("third", "/3/${item}", uses=("item",), after="second")
    alone = AskedRequest("alone", "/4")
    mix = Mix(AskedScenario("a", (third, alone, first, second), values=(ITEM,)))
    assert [[step.asked.name for step in chain] for chain in mix.chains] == [
        ["first", "second", "third"], ["alone"]
    ]  # fmt: skip
    assert mix.length == 2.0
    chain = mix.chains[0]
    values = mix.values(random.Random(1), chain)
    assert {step.request(values).path[3:] for step in chain} == {values["item"]}


def test_a_row_of_its_own_begins_again_at_the_end() -> None:
    accounts = Drawn("a", ("name", "pin"), (("ada", "1"), ("bob", "2")))
    login = AskedRequest("in", "/", "POST", body="${a.name}", uses=("a.name",))
    mix = Mix(AskedScenario("a", (AskedRequest("x", "/"),), login=(login,), values=(accounts,)))
    drawn = [mix.values(random.Random(0), mix.login, row=number)["a.name"] for number in range(3)]
    assert drawn == ["ada", "bob", "ada"]


def test_a_name_leads_to_the_users_own_scenario_first() -> None:
    own = AskedScenario("own", (AskedRequest("x", "/"),))
    assert scenario_of("own", {"own": own}).asked == own
    assert scenario_of("hello", {"own": own}) is SCENARIOS["hello"]


@pytest.mark.parametrize(
    ("capture", "value"),
    [
        (Capture("x", "regex", r"id=(\d+)"), "17"),
        (Capture("x", "regex", r"id=\d+"), "id=17"),
        (Capture("x", "json", "a.1.b"), "ü"),
        (Capture("x", "json", "a.0"), "1.5"),
        (Capture("x", "json", "a"), '[1.5, {"b": "\\u00fc"}]'),
        (Capture("x", "json", "a.2"), None),
        (Capture("x", "json", "a.-1"), None),
        (Capture("x", "header", "x-request"), "r1"),
        (Capture("x", "header", "X-None"), None),
    ],
)
def test_what_is_taken_from_an_answer(capture: Capture, value: str | None) -> None:
    body = b"id=17" if capture.kind == "regex" else '{"a": [1.5, {"b": "ü"}]}'.encode()
    seen = look(AskedRequest("it", "/", captures=(capture,)), [("x-request", "r1")], body)
    assert seen.values == ({"x": value} if value is not None else {})
    assert seen.fault == ("" if value is not None else "capture")


def test_what_is_not_json_has_no_value() -> None:
    asked = AskedRequest("it", "/", expect_json=(("a", "1"),))
    assert look(asked, [], b"<html>").fault == "json"
    assert look(asked, [], b'{"a": 1.0}') == Seen()
    assert look(asked, [], b'{"a": true}').fault == "json"


def test_a_result_shows_no_secret_and_knows_the_whole_by_its_hash() -> None:
    asked = AskedScenario(
        "a",
        (AskedRequest("x", "/?q=1", "POST", headers=(("X-Pin", "17"), ("Accept", "*/*")), body="pin=17"),),
        values=(Drawn("v", ("pin",), (("17",),)),),
    )
    shown = without_secrets(asked)
    assert "17" not in repr(shown).replace(shown.digest, "")
    assert shown.requests[0].headers == (("X-Pin", "***"), ("Accept", "*/*"))
    assert digest(shown) == digest(asked)
    assert without_secrets(shown) == shown
    other = AskedScenario("a", asked.requests, values=(Drawn("v", ("pin",), (("18",),)),))
    assert digest(other) != digest(asked)
