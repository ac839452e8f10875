"""Keeps the values of environment variables, and what isn't text, out of what is said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

# A shorter value would be found in any text by chance.
_SHORTEST = 5
# What isn't secret, and what paths and messages are full of.
_OPEN = frozenset((
    "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LOGNAME", "OLDPWD", "PATH", "PORT", "PWD", "PYTHONPATH", "SHELL",
    "TERM", "TMPDIR", "USER", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "FLASK_APP", "_",
))  # fmt: skip


class Secrets:
    """Replaces values by the names of their variables.

    Args:
        known: texts that are said anyway, as the project's folder: what is a part of them is no secret.
    """

    def __init__(self, environment: Mapping[str, str], known: tuple[str, ...]) -> None:
        hidden: dict[str, str] = {}
        for name, value in environment.items():
            if name in _OPEN or name.startswith(("LC_", "XDG_", "PYTHON")) or _is_a_place(value):
                continue
            for part in (value, _password(value)):
                if len(part) >= _SHORTEST and not any(part in text for text in known):
                    hidden.setdefault(part, f"${name}")
        # The longest first: a value may hold another one.
        self._hidden = sorted(hidden.items(), key=lambda pair: -len(pair[0]))

    def hide(self, text: str) -> str:
        """The text with names instead of values, in one line."""
        for value, name in self._hidden:
            text = text.replace(value, name)
        return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _is_a_place(value: str) -> bool:
    return value.startswith("/") and os.path.lexists(value)


def _password(value: str) -> str:
    """Of an address such as postgres://user:password@host/name."""
    try:
        return urlsplit(value).password or "" if "://" in value else ""
    except ValueError:
        return ""
