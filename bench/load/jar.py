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

    def take(self, field: str, path: str) -> None:
        """Take a Set-Cookie field of the answer for a path; one that is no cookie is let pass."""
        pair, _, attributes = field.partition(";")
        name, equals, value = pair.partition("=")
        name = name.strip()
        if not (equals and name):
            return
        folder, ends_s = _attributes(attributes)
        key = name, folder or path.partition("?")[0].rpartition("/")[0] or "/"
        if ends_s is not None and ends_s <= time.time():
            self._cookies.pop(key, None)
        else:
            self._cookies[key] = value.strip()
        self._fields.clear()

    def field(self, path: str) -> str:
        """The field Cookie for a path; empty without any."""
        if not self._cookies:
            return ""
        path = path.partition("?")[0]
        field = self._fields.get(path)
        if field is None:
            fitting = [key for key in self._cookies if _is_below(path, key[1])]
            # Those of longer paths first (5.4).
            fitting.sort(key=lambda key: -len(key[1]))
            field = "; ".join([f"{key[0]}={self._cookies[key]}" for key in fitting])
            if len(self._fields) < _MOST_KEPT:
                self._fields[path] = field
        return field


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
    with suppress(ValueError):
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
