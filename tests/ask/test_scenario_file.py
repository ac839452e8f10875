"""Scenario files: what stands in them, and every mistake at once, each with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.ask.scenario import read_scenario
from bench.model.errors import UsageError
from bench.model.scenario import AskedRequest, AskedScenario, Capture, Drawn

WHOLE = """
name = "shop"
host = "shop.example"
cookies = false

[headers]
Accept-Language = "de"

[values]
item = { from = 1, to = 500 }
colour = ["red", "blue & green", 3]
account = { csv = "accounts.csv" }

[[login]]
path = "/login"
capture.csrf = { regex = 'name="csrf" value="([^"]+)"' }

[[login]]
method = "POST"
path = "/login"
form = { name = "${account.name}", csrf = "${csrf}", "why not" = "a&b" }
expect.status = 302

[[requests]]
name = "item"
weight = 3
path = "/items/${item}"
query = { colour = "${colour}", page = [1, 2], "a b" = "c d" }
headers = { accept-language = "en", X-Item = "${item}" }

[requests.expect]
status = 200
contains = "Add"
headers = { X-Version = "3" }
json = { ok = true, items.0.id = 7, "items.1" = [1, "x"] }

[[requests]]
name = "form"
weight = 0
path = "/form"
capture = { token = { json = "token" }, tag = { header = "ETag" } }

[[requests]]
method = "POST"
path = "/buy"
after = "form"
json = { token = "${token}", number = "${item}", text = "no ${item}", list = [1.5, true] }

[[requests]]
method = "PUT"
path = "/file"
file = "body.bin"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the files that the scenario names."""
    (tmp_path / "accounts.csv").write_text('name, password\nada,one\n\n"b, c",two\n', encoding="utf-8-sig")
    (tmp_path / "body.bin").write_bytes(b"${item}\xff")
    return tmp_path


def read(folder: Path, text: str) -> AskedScenario:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(UsageError) as refused:
        read(folder, text)
    return refused.value.problems


def test_all_that_may_stand_in_a_file(folder: Path) -> None:
    scenario = read(folder, WHOLE)
    assert (scenario.name, scenario.host, scenario.cookies) == ("shop", "shop.example", False)
    assert scenario.values == (
        Drawn("item", first=1, last=500),
        Drawn("colour", rows=(("red",), ("blue & green",), ("3",))),
        Drawn("account", ("name", "password"), (("ada", "one"), ("b, c", "two"))),
    )
    form, password = scenario.login
    assert form.captures == (Capture("csrf", "regex", 'name="csrf" value="([^"]+)"'),)
    assert password.body == "name=${account.name}&csrf=${csrf}&why+not=a%26b"
    assert password.headers == (
        ("Accept-Language", "de"), ("Content-Type", "application/x-www-form-urlencoded")
    )  # fmt: skip
    assert (password.status, password.redirects, form.redirects) == (302, True, False)
    item, form, buy, file = scenario.requests
    assert item == AskedRequest(
        "item", "/items/${item}?colour=${colour}&page=1&page=2&a+b=c+d", weight=3.0,
        headers=(("Accept-Language", "en"), ("X-Item", "${item}")), status=200, contains="Add",
        uses=("item", "colour"), expect_headers=(("X-Version", "3"),),
        expect_json=(("ok", "true"), ("items.0.id", "7"), ("items.1", '[1, "x"]')),
    )  # fmt: skip
    assert form.captures == (Capture("token", "json", "token"), Capture("tag", "header", "ETag"))
    assert (buy.name, buy.after, buy.uses) == ("POST /buy", "form", ("token", "item"))
    assert buy.body == '{"token": "${token}", "number": ${item}, "text": "no ${item}", "list": [1.5, true]}'
    assert (file.uses, file.body.encode("utf-8", "surrogateescape")) == ((), b"${item}\xff")


def test_the_least_that_may_stand_in_a_file(folder: Path) -> None:
    scenario = read(folder, '[[requests]]\npath = "/"')
    assert scenario == AskedScenario("mine", (AskedRequest("GET /", "/"),))


def test_a_column_may_be_named(folder: Path) -> None:
    (drawn,) = read(
        folder, '[values]\nwho = { csv = "accounts.csv", column = "name" }\n[[requests]]\npath = "/${who}"'
    ).values
    assert drawn == Drawn("who", rows=(("ada",), ("b, c",)))


REQUEST = '[[requests]]\npath = "/"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "mine.toml: it has no [[requests]]. Write at least one, with a path."),
        ("requests = 3", "mine.toml, requests: 3 is not a list."),
        ("requests = [3]", "mine.toml, [[requests]] 1: 3 is not a table."),
        ("x = 1\n" + REQUEST, "mine.toml: there is no 'x'. Known are name, host,"),
        ("cookie = true\n" + REQUEST, "mine.toml: there is no 'cookie' (did you mean 'cookies'?)"),
        ("cookies = 1\n" + REQUEST, "mine.toml, cookies: 1 is not true or false."),
        ('name = "a/b"\n' + REQUEST, "mine.toml, name: 'a/b' is no name of a scenario"),
        ('name = "mixed"\n' + REQUEST, "'mixed' is what a scenario of wsgi-bench is called"),
        ('host = "a b"\n' + REQUEST, "mine.toml, host: 'a b' is no host"),
        ("[[requests]]", "mine.toml, [[requests]] 1: it has no path."),
        ("[[requests]]\npath = 'x'", "mine.toml, [[requests]] 1, path: 'x' is no path"),
        ("[[requests]]\nname = 'a'\npath = 1", "mine.toml, [[requests]] 1 (a), path: 1 is not text."),
        (REQUEST + "wait = 3", "mine.toml, [[requests]] 1: there is no 'wait'"),
        (REQUEST + "weight = -1", "mine.toml, [[requests]] 1, weight: -1 is no number from 0"),
        (REQUEST + "weight = nan", "weight: nan is no number from 0"),
        (REQUEST + "method = 'get'", "method: there is no method 'get'"),
        (REQUEST + "body = 'x'", "a GET has no body. Give it another method, or leave body out."),
        (REQUEST + "method = 'POST'\nbody = 'x'\njson = 1", "json and body exclude each other"),
        (REQUEST + "method = 'POST'\njson = {a = 2020-01-01}", "json: it is no JSON"),
        (REQUEST + "method = 'POST'\nform = {a = {b = 1}}", "form, a: {'b': 1} is no plain value."),
        (REQUEST + "method = 'POST'\nfile = 'none.bin'", "none.bin can't be read: No such file"),
        (REQUEST + "headers = {Host = 'x'}", "headers: Host: write --host NAME."),
        (REQUEST + "headers = {'a b' = 'x'}", "is no header field"),
        (REQUEST + "expect.status = 99", "[[requests]] 1, expect, status: 99 is no status of an answer"),
        (REQUEST + "expect.body = 'x'", "[[requests]] 1, expect: there is no 'body'"),
        (REQUEST + "capture.a = {regex = '('}", "capture, a, regex: '(' is no regular expression: missing )"),
        (REQUEST + "capture.a = {}", "capture, a: write one of { regex = ... }, { json = ... }, { header"),
        (REQUEST + "capture.a = {json = ''}", "capture, a, json: it is empty."),
        (REQUEST + "capture.'a b' = {json = 'x'}", "capture: 'a b' is no name"),
        (REQUEST + "after = 'b'", "request 'GET /' comes after 'b', and there is none"),
        (REQUEST + "after = 'GET /'", "request 'GET /' comes after itself"),
        (REQUEST + "[[requests]]\npath = '/'", "2 requests are called 'GET /'. Give each a name of its own"),
        (REQUEST + "[[requests]]\npath = '/b'\nweight = 0", "'GET /b' has weight 0, and no other is"),
        ("[[requests]]\npath = '/${x}'", "uses ${x}, and there is no such value. [values] and captures"),
        ("[values]\nitem = ['a']\n[[requests]]\npath = '/${itm}'", "(did you mean 'item'?). There are item."),
        ("[[requests]]\nname = 'a'\npath = '/'\ncapture.t = {json = 't'}\n[[requests]]\npath = '/${t}'",
         "uses ${t}, which 'a' takes from its answer: write after = \"a\"."),
        ("[values]\nt = ['x']\n" + REQUEST + "capture.t = {json = 't'}", "'t' is both drawn and taken"),
        ("[values]\nt = ['x']\n" + REQUEST + "expect.contains = 'Hello, ${t}'",
         "request 'GET /' expects ${t} in its answer, and values stand in requests only"),
        ("[[login]]\npath = '/${t}'\n" + REQUEST, "[[login]] 1 uses ${t}, and there is no such value"),
        ("[[login]]\npath = '/'\nweight = 3\n" + REQUEST, "[[login]] 1: there is no 'weight'"),
        ("[values]\na = []\n" + REQUEST, "mine.toml, values, a: the list is empty."),
        ("[values]\na = [[1]]\n" + REQUEST, "values, a: it holds more than plain values."),
        ("[values]\na = 3\n" + REQUEST, "values, a: 3 is no value. Write { from = 1, to = 9 }"),
        ("[values]\na = {from = 3, to = 1}\n" + REQUEST, "values, a: 3 to 1 is no range"),
        ("[values]\na = {from = 1.5, to = 3}\n" + REQUEST, "values, a: 1.5 to 3 is no range"),
        ("[values]\na = {csv = 'none.csv'}\n" + REQUEST, "none.csv can't be read: No such file"),
        ("[values]\na = {csv = 'empty.csv'}\n" + REQUEST, "empty.csv has no rows."),
        ("[values]\na = {csv = 'ragged.csv'}\n" + REQUEST, "ragged.csv, row 3: 1 values for 2 columns."),
        ("[values]\na = {csv = 'twice.csv'}\n" + REQUEST, "its first line names a column twice"),
        ("[values]\na = {csv = 'binary.csv'}\n" + REQUEST, "binary.csv is no CSV file in UTF-8"),
        ("[values]\na = {csv = 'accounts.csv', column = 'nam'}\n" + REQUEST,
         "has no column 'nam' (did you mean 'name'?). It has name, password."),
        ("[values]\na = {csv = 'accounts.csv'}\n[[requests]]\npath = '/${a.pasword}'",
         "uses ${a.pasword}, and there is no such value (did you mean 'a.password'?)"),
        ("[values\n", "it is not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_once_with_its_place(folder: Path, text: str, words: str) -> None:
    (folder / "empty.csv").write_text("a,b\n")
    (folder / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (folder / "twice.csv").write_text("a,a\n1,2\n")
    (folder / "binary.csv").write_bytes(b"a\n\xff\n")
    found = problems(folder, text)
    assert [problem for problem in found if words in problem], found
    assert len(found) == 1, found


def test_every_mistake_is_said_at_once(folder: Path) -> None:
    found = problems(folder, "cookies = 1\n[values]\na = 3\n[[requests]]\npath = 'x'\nweight = 'y'")
    assert len(found) == 4, found


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml: it can't be read: No such file"):
        read_scenario(tmp_path / "none.toml")


def test_a_number_in_json_stays_one_with_a_value(folder: Path) -> None:
    text = '[values]\nn = {from = 1, to = 2}\n[[requests]]\nmethod = "POST"\npath = "/"\njson = {n = "${n}"}'
    (request,) = read(folder, text).requests
    assert json.loads(request.body.replace("${n}", "2")) == {"n": 2}
