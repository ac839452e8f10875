"""The requests of a scenario file, each for itself."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.ask.scenario.bodies import KINDS, body, query, used
from bench.ask.scenario.table import Table
from bench.ask.scenario.values import NAME
from bench.ask.urls import METHODS, STATUSES, read_headers, require_path
from bench.catalogue.scenarios.request import SAFE
from bench.model.scenario import AskedRequest, Capture, CaptureKind

_LOGIN_KEYS = ("name", "method", "path", "query", "headers", *KINDS, "capture", "expect", "redirects")
KEYS = (*_LOGIN_KEYS, "weight", "after")
_EXPECT = ("status", "contains", "headers", "json")
_CAPTURES: tuple[CaptureKind, ...] = ("regex", "json", "header")
_LONGEST_NAME = 100


def read_request(
    table: Table, folder: Path, common: Mapping[str, Any], numbers: Collection[str], *, login: bool
) -> AskedRequest:
    """One request; what is wrong with it is noted.

    Args:
        folder: from which files are named.
        common: header fields of all requests.
        numbers: names of values that are whole numbers.
        login: whether it is one of the login: what it sends may be answered with a redirect.
    """
    method = table.get("method", str, "GET")
    if method not in METHODS:
        table.note(f"there is no method {method!r}. Known are {', '.join(METHODS)}", "method")
    path = table.get("path", str, "/")
    if "path" not in table.values:
        table.note("it has no path")
    with table.problems.collected():
        require_path(path, f"{table.place}, path")
    name = table.get("name", str, "") or f"{method} {path}"
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        table.note(f"it is to be printable, and of at most {_LONGEST_NAME} characters", "name")
    if "query" in table.values:
        path += ("&" if "?" in path else "?") + query(table.table("query"))
    text, type_, filled = body(table, folder, numbers)
    headers = _headers(table, common, type_)
    expect = table.table("expect", _EXPECT)
    return AskedRequest(
        name=name,
        path=path,
        method=method,
        weight=table.number("weight", 1.0),
        headers=headers,
        body=text,
        status=_status(expect),
        contains=expect.get("contains", str, ""),
        redirects=table.get("redirects", bool, login and method not in SAFE),
        uses=used(path, *(value for _, value in headers), text if filled else ""),
        captures=tuple(_captures(table.table("capture"))),
        after=table.get("after", str, ""),
        expect_headers=_fields(expect, "headers"),
        expect_json=tuple(_json_values(expect.table("json").values)),
    )


def known_keys(*, login: bool) -> tuple[str, ...]:
    """What a request may say."""
    return _LOGIN_KEYS if login else KEYS


def _headers(table: Table, common: Mapping[str, Any], type_: str) -> tuple[tuple[str, str], ...]:
    own = table.get("headers", dict, {})
    lower = {name.lower() for name in own}
    values = {**{name: value for name, value in common.items() if name.lower() not in lower}, **own}
    if type_ and not any(name.lower() == "content-type" for name in values):
        values["Content-Type"] = type_
    lines = [f"{name}: {value}" for name, value in values.items()]
    with table.problems.collected():
        return read_headers(lines, f"{table.place}, headers:")
    return ()


def _status(expect: Table) -> int | None:
    status = expect.values.get("status")
    if status is None or (type(status) is int and status in STATUSES):
        return status
    expect.note(f"{status!r} is no status of an answer: these are 200 to 599", "status")
    return None


def _fields(expect: Table, key: str) -> tuple[tuple[str, str], ...]:
    table = expect.table(key)
    return tuple((name, table.get(name, str, "")) for name in table.values)


def _json_values(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Paths and values; `items.0.id = 7` is a table in tables for TOML."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _json_values(value, f"{above}{name}.")
        else:
            yield above + name, json.dumps(value, default=str)


def _captures(table: Table) -> Iterator[Capture]:
    for name in table.values:
        one = table.table(name, _CAPTURES)
        kinds = [kind for kind in _CAPTURES if kind in one.values]
        if not NAME.fullmatch(name):
            table.note(f"{name!r} is no name: use letters, digits and '_'")
        elif len(kinds) != 1:
            table.note(f"write one of {', '.join(f'{{ {kind} = ... }}' for kind in _CAPTURES)}", name)
        else:
            where = one.get(kinds[0], str, "")
            if kinds[0] == "regex" and (why := _no_regex(where)):
                one.note(f"{where!r} is no regular expression: {why}", "regex")
            elif not where:
                one.note("it is empty", kinds[0])
            else:
                yield Capture(name, kinds[0], where)


def _no_regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""
