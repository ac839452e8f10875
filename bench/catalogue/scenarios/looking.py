"""A closer look at an answer: header fields and JSON that a user expects, and values taken from it.

A path of JSON is written with dots, numbers being places in lists: `items.0.id`. Nothing else is of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from bench.model.scenario import AskedRequest, Capture

Fields = Sequence[tuple[str, str]]
"""Header fields of an answer, names in lower case."""
_NOTHING = object()
_SHOWN = 80


class Seen(NamedTuple):
    """What a look at an answer has shown.

    Attributes:
        fault: the kind of error: "header", "json" or "capture"; empty for a right answer.
        detail: that in words.
        cookies: each Set-Cookie field.
        values: those that were taken, by name.
    """

    fault: str = ""
    detail: str = ""
    cookies: tuple[str, ...] = ()
    values: Mapping[str, str] = MappingProxyType({})


def wants_a_look(asked: AskedRequest) -> bool:
    """Whether status, type, length and text don't tell all of a request's right answer."""
    return bool(asked.captures or asked.expect_headers or asked.expect_json)


def look(asked: AskedRequest, fields: Fields, body: bytes) -> Seen:
    """Look at an answer whose status and text are right."""
    for name, wanted in asked.expect_headers:
        values = _values(fields, name)
        if wanted not in values:
            got = f"got {_shown(', '.join(values))}" if values else "there is none"
            return Seen("header", f"expected the field {name} to be {_shown(wanted)}; {got}")
    document = _document(body) if _reads_json(asked) else _NOTHING
    for path, wanted in asked.expect_json:
        value = at(document, path)
        if value is _NOTHING or not _same(value, json.loads(wanted)):
            got = "there is none" if value is _NOTHING else f"got {_shown(json.dumps(value))}"
            return Seen("json", f"expected {path} of the JSON body to be {_shown(wanted)}; {got}")
    taken: dict[str, str] = {}
    for capture in asked.captures:
        text = _captured(capture, fields, body, document)
        if text is None:
            return Seen("capture", f"the answer has no {capture.name}: {_found_nothing(capture)}")
        # JSON may have half a character, which nobody can send.
        taken[capture.name] = text.encode("utf-8", "replace").decode()
    return Seen(cookies=tuple(_values(fields, "set-cookie")), values=taken)


def at(document: Any, path: str) -> Any:
    """The value at a path of a JSON document; `_NOTHING` where there is none."""
    for part in path.split("."):
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return _NOTHING
    return document


def _captured(capture: Capture, fields: Fields, body: bytes, document: Any) -> str | None:
    match capture.kind:
        case "header":
            return next(iter(_values(fields, capture.where)), None)
        case "json":
            value = at(document, capture.where)
            return None if value is _NOTHING else value if isinstance(value, str) else json.dumps(value)
        case "regex":
            match = re.search(capture.where, body.decode("utf-8", "replace"))
            return match and match[1 if match.re.groups else 0]


def _same(value: Any, wanted: Any) -> bool:
    """Whether two values are the same in JSON, where true isn't 1."""
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def _found_nothing(capture: Capture) -> str:
    what = {"header": "the field", "json": "the JSON path", "regex": "the regular expression"}[capture.kind]
    return f"{what} {_shown(capture.where)} finds nothing"


def _reads_json(asked: AskedRequest) -> bool:
    return bool(asked.expect_json) or any(capture.kind == "json" for capture in asked.captures)


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOTHING


def _values(fields: Fields, name: str) -> list[str]:
    return [value for known, value in fields if known == name.lower()]


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
