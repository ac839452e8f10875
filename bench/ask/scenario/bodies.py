"""Query and body of a request in a scenario file: encoded but for the places where values come in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from bench.ask.scenario.table import Table, as_text
from bench.ask.urls import body_file
from bench.catalogue.scenarios.rendering import FORM, JSON
from bench.model.errors import UsageError

PLACE = re.compile(r"\$\{([^}]*)\}")
"""Where a value comes in: `${NAME}`."""
KINDS = ("form", "json", "body", "file")
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
_BARE = "\0"


def query(table: Table) -> str:
    """What stands behind the '?' of a path."""
    return "&".join(_pairs(table))


def body(table: Table, folder: Path, numbers: Collection[str]) -> tuple[str, str, bool]:
    """Body, its type, and whether values may stand in it; none of it where there is none.

    Args:
        table: of the request; what is wrong with it is noted.
        folder: from which files are named.
        numbers: names of values that are whole numbers: alone in a JSON text they are numbers there.
    """
    kinds = [kind for kind in KINDS if kind in table.values]
    if not kinds:
        return "", "", False
    if len(kinds) > 1:
        table.note(f"{' and '.join(kinds)} exclude each other: a request has one body")
    method = table.values.get("method", "GET")
    if method in WITHOUT_BODY:
        table.note(f"a {method} has no body. Give it another method, or leave {kinds[0]} out")
    match kinds[0]:
        case "form":
            return "&".join(_pairs(table.table("form"))), FORM, True
        case "json":
            return _json(table, numbers), JSON, True
        case "body":
            return table.get("body", str, ""), "text/plain; charset=utf-8", True
        case _:
            with table.problems.collected():
                return _file(table, folder), "application/octet-stream", False
            return "", "", False


def used(*texts: str) -> tuple[str, ...]:
    """Names of the values that stand in these texts."""
    return tuple(dict.fromkeys(name for text in texts for name in PLACE.findall(text)))


def _pairs(table: Table) -> Iterator[str]:
    for name, value in table.values.items():
        for item in value if isinstance(value, list) else [value]:
            text = as_text(item)
            if text is None:
                table.note(f"{item!r} is no plain value", name)
            else:
                yield f"{quote_plus(name)}={_around(text, quote_plus)}"


def _around(text: str, escape: Callable[[str], str]) -> str:
    """A text with all escaped but the places of values."""
    parts = PLACE.split(text)
    parts[::2] = map(escape, parts[::2])
    parts[1::2] = [f"${{{name}}}" for name in parts[1::2]]
    return "".join(parts)


def _json(table: Table, numbers: Collection[str]) -> str:
    bare = {f"${{{name}}}": f"{_BARE}{name}{_BARE}" for name in numbers}

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: marked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [marked(item) for item in value]
        return bare.get(value, value) if isinstance(value, str) else value

    try:
        text = json.dumps(marked(table.values["json"]), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        table.note(f"it is no JSON: {error}", "json")
        return ""
    for place, mark in bare.items():
        text = text.replace(json.dumps(mark), place)
    return text


def _file(table: Table, folder: Path) -> str:
    named = table.get("file", str, "")
    if not named:
        raise UsageError(f"{table.place}, file: it names no file.")
    return body_file(folder / named, f"{table.place}, file")
