"""The cookies of one user (RFC 6265), as far as one host needs them.

All of them are of the host that is asked, and over plain HTTP those are sent, too, that are for HTTPS alone:
the harness stands where a proxy would that ends TLS.
"""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime


class Jar:
    """What was set, and for which paths."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], str] = {}

    def take(self, field: str, path: str) -> None:
        """Take a Set-Cookie field of the answer for a path; one that is no cookie is let pass."""
        pair, *attributes = field.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (equals and name):
            return
        said = {}
        for attribute in attributes:
            key, _, text = attribute.partition("=")
            said[key.strip().lower()] = text.strip()
        folder = said.get("path", "")
        if not folder.startswith("/"):
            folder = path.partition("?")[0].rpartition("/")[0] or "/"
        if _is_over(said):
            self._cookies.pop((name, folder), None)
        else:
            self._cookies[name, folder] = value

    def field(self, path: str) -> str:
        """The field Cookie for a path; empty without any."""
        path = path.partition("?")[0]
        fitting = [(name, folder) for name, folder in self._cookies if _is_below(path, folder)]
        # Those of longer paths first (5.4).
        fitting.sort(key=lambda key: -len(key[1]))
        return "; ".join(f"{key[0]}={self._cookies[key]}" for key in fitting)


def _is_over(said: dict[str, str]) -> bool:
    with suppress(ValueError):
        if "max-age" in said:
            return int(said["max-age"]) <= 0
        if "expires" in said:
            return parsedate_to_datetime(said["expires"]).timestamp() <= time.time()
    return False


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
