"""Keeps the values of environment variables and of requests, and what isn't text, out of what is said."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from bench.model.project import Project
from bench.model.scenario import AskedScenario
from bench.model.secrets import HIDDEN, header_shown

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
        asked: what requests have that isn't shown.
    """

    def __init__(
        self, environment: Mapping[str, str], known: tuple[str, ...], asked: tuple[str, ...] = ()
    ) -> None:
        hidden = {value: HIDDEN for value in asked if len(value) >= _SHORTEST}
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
        words = " ".join(self.replaced(text).split())
        return "".join(letter if letter.isprintable() else "?" for letter in words)

    def replaced(self, text: str) -> str:
        """The text with names instead of values, and all else as it is."""
        for value, name in self._hidden:
            text = text.replace(value, name)
        return text


def secrets_of(project: Project, scenario: AskedScenario, environment: Mapping[str, str]) -> Secrets:
    """What isn't to be said of an application: its variables, and what its requests carry."""
    known = (project.root, project.python, project.callable)
    return Secrets(environment, known, tuple(_carried(scenario)))


def _carried(scenario: AskedScenario) -> Iterator[str]:
    for request in (*scenario.login, *scenario.requests):
        for name, value in request.headers:
            if header_shown(name, value) == HIDDEN:
                yield from (value, value.rpartition(" ")[2])
        yield request.body
        yield from (value for _, value in parse_qsl(request.body))


def _is_a_place(value: str) -> bool:
    return value.startswith("/") and os.path.lexists(value)


def _password(value: str) -> str:
    """Of an address such as postgres://user:password@host/name."""
    try:
        return urlsplit(value).password or "" if "://" in value else ""
    except ValueError:
        return ""
