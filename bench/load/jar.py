"""The cookies of one user (RFC 6265), as far as one host needs them.

All of them are of the host that is asked, and over plain HTTP those are sent, too, that are for HTTPS alone:
the harness stands where a proxy would that ends TLS.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache

_MOST_KEPT = 256


class Jar:
    """What was set, and for which paths."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], str] = {}
        self._fields: dict[str, str] = {}
        self._again: dict[tuple[str, str], tuple[str, str]] = {}
        self._fitting: dict[str, list[tuple[str, tuple[str, str]]]] = {}

    def take(self, field: str, path: str) -> None:
        """Take a Set-Cookie field of the answer for a path; one that is no cookie is let pass."""
        pair, _, attributes = field.partition(";")
        name, equals, value = pair.partition("=")
        key = self._again.get((name, attributes))
        if key is not None and key in self._cookies:
            # It was set before, for the same place, and is kept.
            self._cookies[key] = value.strip()
            self._fields.clear()
            return
        spelled, name = name, name.strip()
        if not (equals and name):
            return
        folder, ends_s = _attributes(attributes)
        key = name, folder or path.partition("?")[0].rpartition("/")[0] or "/"
        known = key in self._cookies
        if ends_s is not None and ends_s <= time.time():
            self._cookies.pop(key, None)
        else:
            self._cookies[key] = value.strip()
            if folder and ends_s is None and len(self._again) < _MOST_KEPT:
                self._again[spelled, attributes] = key
        if known != (key in self._cookies):
            self._fitting.clear()
        self._fields.clear()

    def field(self, path: str) -> str:
        """The field Cookie for a path; empty without any."""
        if not self._cookies:
            return ""
        field = self._fields.get(path)
        if field is None:
            cookies = self._cookies
            fitting = self._fitting.get(path) or self._those_of(path)
            if len(fitting) == 1:
                [(name, key)] = fitting
                field = f"{name}={cookies[key]}"
            else:
                field = "; ".join([f"{name}={cookies[key]}" for name, key in fitting])
            if len(self._fields) < _MOST_KEPT:
                self._fields[path] = field
        return field

    def _those_of(self, path: str) -> list[tuple[str, tuple[str, str]]]:
        """Names and keys of the cookies for a path."""
        fitting = self._fitting.get(path)
        if fitting is None:
            bare = path.partition("?")[0]
            fitting = [(key[0], key) for key in self._cookies if _is_below(bare, key[1])]
            # Those of longer paths first (5.4).
            fitting.sort(key=lambda named: -len(named[1][1]))
            if len(self._fitting) < _MOST_KEPT:
                self._fitting[path] = fitting
        return fitting


@lru_cache(maxsize=256)
def _attributes(text: str) -> tuple[str, float | None]:
    """The path, empty for that of the request, and when it ends, seconds of the clock; None for never."""
    said = {}
    for attribute in text.split(";"):
        key, _, value = attribute.partition("=")
        said[key.strip().lower()] = value.strip()
    folder = said.get("path", "")
    return folder if folder.startswith("/") else "", _ends_s(said)


def _ends_s(said: Mapping[str, str]) -> float | None:
    # A year of twenty digits is an OverflowError.
    with suppress(ValueError, OverflowError):
        if "max-age" in said:
            # None of a run's cookies is kept for longer than that.
            return None if int(said["max-age"]) > 0 else 0.0
        if "expires" in said:
            return parsedate_to_datetime(said["expires"]).timestamp()
    return None


def _is_below(path: str, folder: str) -> bool:
    if folder == "/" or path == folder:
        return True
    return path.startswith(folder if folder.endswith("/") else f"{folder}/")
