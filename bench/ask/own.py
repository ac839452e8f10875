"""A user's own requests, by whichever setting they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.ask.scenario import read_scenario
from bench.ask.settings import flag
from bench.ask.settings.requests import REQUESTS, WAYS
from bench.ask.traffic import read_traffic
from bench.ask.urls import beside_urls, require_host, scenario_of_urls
from bench.model.errors import UsageError
from bench.model.scenario import AskedScenario
from bench.model.secrets import HIDDEN, header_shown

NAMES = tuple(row.name for row in REQUESTS)
_BODIES = ("data", "json_body")


def own_scenario(given: Mapping[str, Any]) -> AskedScenario | None:
    """The scenario of a user's own requests; None where none are asked for.

    Args:
        given: the user's settings, by name.

    Raises:
        UsageError: names everything that is wrong with them.
    """
    ways = [flag(name) for name in WAYS if given.get(name)]
    if len(ways) > 1:
        raise UsageError(
            f"{' and '.join(ways)} exclude each other: each says what is asked. Leave all but one out."
        )
    if given.get("url"):
        return scenario_of_urls(given)
    if wrong := tuple(beside_urls(given)):
        raise UsageError(*wrong)
    if given.get("scenario"):
        asked = read_scenario(Path(given["scenario"]))
        if given.get("host"):
            require_host(given["host"], "--host")
        return replace(
            asked,
            host=given.get("host") or asked.host,
            cookies=asked.cookies and not given.get("no_cookies"),
        )
    if (traffic := read_traffic(given)) is not None:
        return traffic
    if left := [flag(name) for name in ("host", "no_cookies") if given.get(name)]:
        raise UsageError(
            f"{' and '.join(left)}: nothing of your own is asked (--url, --scenario) that could have it."
        )
    return None


def asks_something(given: Mapping[str, Any]) -> bool:
    """Whether any setting says what is asked."""
    return any(given.get(name) for name in WAYS)


def shown(name: str, value: Any) -> Any:
    """A setting as a result shows it: bodies, values of variables and most of header fields are left out."""
    if name == "env":
        return tuple(text.partition("=")[0] for text in value)
    if name in _BODIES:
        return tuple(body if body.startswith("@") else HIDDEN for body in value)
    if name == "header":
        fields = (line.partition(":") for line in value)
        return tuple(f"{field}: {header_shown(field, text.strip())}" for field, _, text in fields)
    return value
