"""A recorded session as a scenario: what of it is asked again, of whom, and what is said where nothing is."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from bench.catalogue.traffic import har, read_har
from bench.model.errors import UsageError
from bench.model.scenario import AskedRequest, AskedScenario

HERE = Path(__file__).parent
FORM = "application/x-www-form-urlencoded"


def entry(url: str = "https://shop.example/", status: int = 200, method: str = "GET", **more: Any) -> Any:
    """An entry; `more` replaces or adds fields of its request, those with an underscore of its own."""
    kind = more.pop("kind", "text/html; charset=utf-8")
    own = {name: more.pop(name) for name in list(more) if name.startswith("_")}
    return {
        "request": {"method": method, "url": url, "headers": [], "cookies": [], "bodySize": 0, **more},
        "response": {"status": status, "content": {"mimeType": kind}},
        **own,
    }


def form(text: str, url: str = "https://shop.example/cart", status: int = 303, mime: str = FORM) -> Any:
    headers = [{"name": "content-type", "value": mime}]
    sent = {"mimeType": mime, "text": text}
    return entry(url, status, "POST", headers=headers, postData=sent, bodySize=len(text))


def recorded(folder: Path, *entries: Any, host: str = "") -> AskedScenario:
    path = folder / "session.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), encoding="utf-8-sig")
    return read_har(path, host)


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as refused:
        read_har(path)
    [problem] = refused.value.problems
    return problem.replace(str(path), path.name)


def test_a_recording_of_chromium() -> None:
    asked = read_har(HERE / "chromium.har")

    assert [(r.name, r.weight, r.status, r.body) for r in asked.requests] == [
        ("/items/7?from=form", 3, 200, ""),
        ("/", 1, 200, ""),
        ("/api/items", 1, 200, ""),
        ("PUT /api/vote", 1, 200, '{"up": true}'),
        ("POST /cart", 1, 303, "item=7+%C3%A9"),
    ]
    assert asked.requests[2].headers == (
        ("Accept", "application/json"), ("Accept-Language", "de-DE"), ("X-Requested-With", "fetch"),
    )  # fmt: skip
    assert (asked.name, asked.host, asked.login) == ("har", "shop.example", ())
    assert asked.source == (
        "chromium.har: 5 requests cover 41 % of 17 requests; left out: 3 to other hosts, most to "
        "cdn.example, 1 for static files, 1 with a password or token, 1 with a CSRF token, which a "
        "scenario.toml can take from the form, 1 answered 3xx, 1 from the browser's cache, 1 without an "
        "answer, 1 answered 4xx, 2 that aren't HTTP; 10 had cookies or Authorization, which stay behind: "
        "what needs a login takes a scenario.toml"
    )


def test_a_recording_of_firefox() -> None:
    asked = read_har(HERE / "firefox.har")

    accept = ("Accept", "text/html")
    assert asked.requests == (
        AskedRequest("/", "/", headers=(accept,), status=200),
        AskedRequest("/items/7?page=2", "/items/7?page=2", headers=(accept,), status=200),
        AskedRequest(
            "POST /search",
            "/search",
            "POST",
            headers=(accept, ("Content-Type", FORM)),
            body="q=a+b",
            status=200,
        ),
    )
    assert "2 to other hosts, most to fonts.example" in asked.source
    assert "s3cret" not in repr(asked)


def test_the_host_of_the_first_page_is_asked_or_the_one_that_is_meant(tmp_path: Path) -> None:
    entries = [
        entry("http://cdn.example/x", kind="application/json"),
        entry("http://shop.example/", 301),
        entry("https://www.Shop.example:8443/"),
        *[entry("https://api.example/items", kind="application/json")] * 3,
    ]

    assert recorded(tmp_path, *entries).host == "www.shop.example:8443"
    assert recorded(tmp_path, *entries, host="api.example").requests[0].weight == 3
    assert recorded(tmp_path, *entries, host="nobody.example").host == "www.shop.example:8443"
    assert recorded(tmp_path, entries[0], entries[3]).host == "cdn.example"


def test_nothing_of_somebodys_own_is_kept(tmp_path: Path) -> None:
    names = ("Cookie", "authorization", "X-Api-Key", "X-CSRFToken", "Referer", "User-Agent", "If-None-Match")
    headers = [{"name": name, "value": "s3cret"} for name in names]
    entries = [
        entry(headers=headers),
        entry("https://ann:s3cret@shop.example/a"),
        entry("https://shop.example/b?access_token=s3cret"),
        form("user=ann&password=s3cret"),
        form('{"user": "ann", "Password" : "s3cret"}', mime="application/json"),
        form('--x\r\nContent-Disposition: form-data; name="passwd"\r\n\r\ns3cret\r\n--x--'),
        entry(method="DELETE", headers=headers),
    ]

    asked = recorded(tmp_path, *entries)

    assert [request.name for request in asked.requests] == ["/", "/a"]
    assert "s3cret" not in repr(asked)
    assert "4 with a password or token, 1 with a CSRF token" in asked.source
    assert "2 had cookies or Authorization" in asked.source


@pytest.mark.parametrize("text", ["csrfmiddlewaretoken=a", "csrf_token=a", "authenticity_token=a",
                                  "__RequestVerificationToken=a"])  # fmt: skip
def test_a_form_with_a_token_of_its_own_is_left_out(tmp_path: Path, text: str) -> None:
    asked = recorded(tmp_path, entry(), form(f"item=7&{text}"), form("item=7"))

    assert [request.name for request in asked.requests] == ["/", "POST /cart"]
    assert "1 with a CSRF token, which a scenario.toml can take from the form" in asked.source


@pytest.mark.parametrize(
    ("sent", "size", "body"),
    [
        ({"text": "", "params": [{"name": "Item", "value": "7 é&"}]}, 14, "Item=7+%C3%A9%26"),
        ({"text": "a=1", "params": [{"name": "a", "value": "1"}]}, 3, "a=1"),
        ({"text": "€\udc80"}, 4, "€\udc80"),
        ({}, 0, ""),
        ({"text": "", "params": []}, -1, ""),
        (None, 0, ""),
        ({"text": "", "params": []}, 12, None),
        ({"text": "AAEC", "encoding": "base64"}, 3, None),
        ({"text": '--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'}, 900, None),
        ({"text": "\ud800"}, 3, None),
        ({"text": "x" * ((1 << 20) + 1)}, 0, None),
        ({"text": 7}, 1, None),
    ],
)
def test_a_body_is_sent_whole_or_not_at_all(
    tmp_path: Path, sent: dict[str, Any] | None, size: int, body: str | None
) -> None:
    asked = recorded(tmp_path, entry(), entry(method="PUT", postData=sent, bodySize=size))

    assert [request.body for request in asked.requests] == ([""] if body is None else ["", body])
    why = "1 with a body that wasn't recorded, has a file, or is larger than 1 MB"
    assert (why in asked.source) == (body is None)


def test_requests_that_differ_in_their_body_or_fields_have_names_of_their_own(tmp_path: Path) -> None:
    accepts = [[{"name": "Accept", "value": kind}] for kind in ("text/html", "application/json")]
    asked = recorded(
        tmp_path, form("a=1"), form("a=2"), form("a=2"), *[entry(headers=each) for each in accepts]
    )

    assert [(request.name, request.weight) for request in asked.requests] == [
        ("POST /cart", 2), ("POST /cart (2)", 1), ("/", 1), ("/ (2)", 1),
    ]  # fmt: skip


def test_a_field_that_would_break_the_request_is_left_away(tmp_path: Path) -> None:
    headers = [{"name": "Accept", "value": "a\r\nX: y"}, {"name": "Content-Type", "value": "ü"}]

    [request] = recorded(tmp_path, entry("https://shop.example/a b\u00e9?x=\t1", headers=headers)).requests

    assert (request.headers, request.path) == ((), "/a%20b%C3%A9?x=1")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a HAR, since it isn't JSON: Expecting value"),
        (b"<html>", "not a HAR, since it isn't JSON: Expecting value"),
        (b'{"log": {"entries": [', "not a HAR, since it isn't JSON: Expecting value"),
        (b"PK\x03\x04\xff", "not a HAR, since it isn't JSON: 'utf-8' codec can't decode"),
        (b"[" * 200_000, "not a HAR, since it isn't JSON: nested too deeply"),
        (b"[]", "not a HAR: there are no log.entries in it. Save one with the browser's network tools"),
        (b'{"log": []}', "not a HAR: there are no log.entries"),
        (b'{"log": {"entries": {}}}', "not a HAR: there are no log.entries"),
        (b'{"log": {"entries": []}}', "nothing was recorded in it. Open the network tools first, then"),
        (b'{"log": {"entries": [7, {}]}}', "none of its 2 entries is a request over HTTP. Record a session"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "session.har"
    path.write_bytes(content)

    assert refusal(path).startswith(f"--har session.har: {why}")


def test_a_recording_without_anything_to_ask_says_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "session.har"
    script = entry("https://cdn.example/a.js", kind="text/javascript")
    with pytest.raises(UsageError) as refused:
        recorded(tmp_path, entry(status=302), script, entry("data:,x"))
    assert str(refused.value) == (
        f"--har {path}: nothing of it can be asked of shop.example again; left out: 1 answered 3xx, 1 to "
        f"other hosts, most to cdn.example, 1 that isn't HTTP. Record some of its pages, name another of "
        f"the hosts with --host, or requests with --url."
    )


def test_a_file_that_cant_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(tmp_path / "none.har") == (
        "--har none.har: No such file or directory. Name a file that can be read."
    )
    path = tmp_path / "session.har"
    path.write_bytes(b" " * 100)
    monkeypatch.setattr(har, "_MOST_BYTES", 99)
    assert refusal(path).startswith(
        "--har session.har: larger than 0 MB. Record a shorter session, or without"
    )


def test_whatever_stands_in_a_recording_is_asked_or_refused(tmp_path: Path) -> None:
    """Any value of it, and any of its parts, is replaced by something else."""
    rng = random.Random(11)
    path = tmp_path / "session.har"
    whole = json.loads((HERE / "chromium.har").read_text())
    others: list[Any] = [None, 0, -1, 1.5, True, "", "x", "\ud800", "http://[", "ws://a/", [], {}, [[]], [{}]]
    asked = 0
    for _ in range(400):
        changed = copy.deepcopy(whole)
        for _ in range(rng.randrange(1, 30)):
            _replace(changed, rng, copy.deepcopy(rng.choice(others)))
        path.write_text(json.dumps(changed))
        try:
            scenario = read_har(path)
        except UsageError:
            continue
        asked += 1
        for request in scenario.requests:
            assert request.path.startswith("/")
            assert request.path.isascii()
            assert request.path.isprintable()
            assert " " not in request.path
    assert asked > 50


def _replace(value: Any, rng: random.Random, other: Any) -> None:
    """Put something else in one place, found by going down by chance."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(value[key], (dict, list)) or rng.random() < 0.1:
            value[key] = other
            return
        value = value[key]
