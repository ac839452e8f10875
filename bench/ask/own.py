"""A user's own requests, by whichever setting they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.ask.settings import flag
from bench.ask.settings.requests import REQUESTS
from bench.ask.urls import beside_urls, scenario_of_urls
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario
from bench.model.secrets import HIDDEN, header_shown

_WAYS = ("scenarios", "url")
"""The settings that say what is asked: one of them does."""
NAMES = tuple(row.name for row in REQUESTS)
_BODIES = ("data", "json_body")


def own_scenario(given: Mapping[str, Any]) -> AskedScenario | None:
    """The scenario of a user's own requests; None where none are asked for.

    Args:
        given: the user's settings, by name.

    Raises:
        UsageError: names everything that is wrong with them.
    """
    ways = [flag(name) for name in _WAYS if given.get(name)]
    if len(ways) > 1:
        raise UsageError(
            f"{' and '.join(ways)} exclude each other: each says what is asked. Leave all but one out."
        )
    if given.get("url"):
        return scenario_of_urls(given)
    if wrong := tuple(beside_urls(given)):
        raise UsageError(*wrong)
    return None


def shown(name: str, value: Any) -> Any:
    """A setting as a result shows it: bodies, and most values of header fields, are left out."""
    if name in _BODIES:
        return tuple(body if body.startswith("@") else HIDDEN for body in value)
    if name == "header":
        fields = (line.partition(":") for line in value)
        return tuple(f"{field}: {header_shown(field, text.strip())}" for field, _, text in fields)
    return value


def hides(given: Mapping[str, Any]) -> Iterator[str]:
    """The options of which something was left out."""
    for name in ("data", "json_body", "header"):
        if any(value.endswith(HIDDEN) for value in given.get(name, ())):
            yield flag(name)
