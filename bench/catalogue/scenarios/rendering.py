"""A user's requests with the values that are drawn for them, or taken from answers, in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from bench.catalogue.scenarios.request import Expect, Request
from bench.model.scenario import AskedRequest

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
_PAGES = range(200, 400)

Escape = Callable[[str], str]
Values = Mapping[str, str]


class Prepared:
    """One request of a user, ready to be filled in.

    Attributes:
        fixed: the request itself, where it is the same each time; None where values stand in it.
    """

    def __init__(self, asked: AskedRequest, host: str, *, any_length: bool) -> None:
        self.asked = asked
        self.expect = _expected(asked, any_length=any_length)
        self._host = host
        self._path = _Template(asked.path, asked.uses, lambda value: quote(value, safe=""))
        self._headers = [(name, _Template(value, asked.uses, _in_a_line)) for name, value in asked.headers]
        self._body = _Template(asked.body, asked.uses, _escape_in_body(asked))
        self.fixed = None if asked.uses else self.request({})

    def request(
        self, values: Values, cookie: str = "", *, expect: Expect | None = None, unique: bool = False
    ) -> Request:
        """The request with these values; what has none stays empty.

        Args:
            cookie: for the field Cookie, beside what the request says itself.
            expect: once it is known better.
        """
        headers = {name: value(values) for name, value in self._headers}
        if cookie:
            headers["Cookie"] = "; ".join(filter(None, (headers.get("Cookie"), cookie)))
        return Request(
            self.asked.name,
            self.asked.method,
            self._path(values),
            expect or self.expect,
            self._body(values).encode("utf-8", "surrogateescape"),
            headers,
            unique=unique,
            host=self._host,
            pattern=self.asked.path if self.asked.uses else "",
            asked=self.asked,
        )


class _Template:
    """A text in which `${NAME}` stands for a value, of those names that are used."""

    def __init__(self, text: str, names: tuple[str, ...], escape: Escape) -> None:
        self._parts = re.split(rf"\$\{{({'|'.join(map(re.escape, names))})\}}", text) if names else [text]
        self._escape = escape

    def __call__(self, values: Values) -> str:
        parts = self._parts.copy()
        parts[1::2] = [self._escape(values.get(name, "")) for name in parts[1::2]]
        return "".join(parts)


def _expected(asked: AskedRequest, *, any_length: bool) -> Expect:
    return Expect(
        status=_PAGES if asked.status is None else asked.status,
        contains=asked.contains.encode() or None,
        learned=True,
        page=asked.status is None and not asked.redirects,
        any_length=any_length,
    )


def _escape_in_body(asked: AskedRequest) -> Escape:
    type_ = next((value for name, value in asked.headers if name.lower() == "content-type"), "")
    escapes: dict[str, Escape] = {FORM: quote_plus, JSON: _in_json}
    return escapes.get(type_.partition(";")[0].strip().lower(), str)


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_a_line(value: str) -> str:
    """Without ends of lines, which would be the end of the field, and as UTF-8 where it isn't Latin-1."""
    line = " ".join(value.splitlines())
    return line if all(ord(character) < 0x100 for character in line) else line.encode().decode("latin-1")
