"""A whole scenario file: what stands in it, and how its parts belong together."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.ask.scenario.bodies import used
from bench.ask.scenario.requests import known_keys, read_request
from bench.ask.scenario.table import Table
from bench.ask.scenario.values import read_values
from bench.ask.urls import require_host
from bench.ask.words import hint
from bench.catalogue.scenarios import SCENARIOS
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.model.scenario import AskedRequest, AskedScenario, Drawn

_KEYS = ("name", "host", "cookies", "headers", "values", "login", "requests")
# "/" parts the names of a case.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def read_scenario(path: Path) -> AskedScenario:
    """The scenario of a file.

    Raises:
        UsageError: names everything that is wrong with it, each with its place.
    """
    with Problems() as problems:
        top = Table(_toml(path), path.name, problems, _KEYS)
        name = top.get("name", str, path.stem)
        if not _NAME.fullmatch(name):
            top.note(f"{name!r} is no name of a scenario: use letters, digits, '_', '.' and '-'", "name")
        if name in SCENARIOS:
            top.note(f"{name!r} is what a scenario of wsgi-bench is called. Give it another name", "name")
        host = top.get("host", str, "")
        if host:
            with problems.collected():
                require_host(host, f"{path.name}, host:")
        cookies = top.get("cookies", bool, True)
        values = read_values(top.table("values"), path.parent)
        numbers = {drawn.name for drawn in values if not drawn.rows}
        common = top.table("headers").values
        login = _requests(top, "login", path.parent, common, numbers)
        requests = _requests(top, "requests", path.parent, common, numbers)
        if not top.values.get("requests"):
            top.note("it has no [[requests]]. Write at least one, with a path")
        _require_weights(top, requests)
        _require_names(top, requests)
        _require_values(top, values, login, requests)
    return AskedScenario(name, tuple(requests), tuple(login), values, cookies=cookies, host=host)


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--scenario {path}: it can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"--scenario {path}: it is not valid TOML: {error}.") from None


def _requests(
    top: Table, key: str, folder: Path, common: Mapping[str, Any], numbers: Iterable[str]
) -> list[AskedRequest]:
    requests = []
    login = key == "login"
    for number, values in enumerate(top.get(key, list, []), 1):
        place = f"{top.place}, [[{key}]] {number}"
        if not isinstance(values, dict):
            top.problems.note(f"{place}: {values!r} is not a table.")
            continue
        named = values.get("name")
        shown = f"{place} ({named})" if isinstance(named, str) and named else place
        table = Table(values, shown, top.problems, known_keys(login=login))
        requests.append(read_request(table, folder, common, set(numbers), login=login))
    return requests


def _require_weights(top: Table, requests: Sequence[AskedRequest]) -> None:
    before = {request.after for request in requests}
    for request in requests:
        if not request.weight and request.name not in before:
            top.note(f"request {request.name!r} has weight 0, and no other is sent after it. Leave it out")
    if requests and not any(request.weight for request in requests):
        top.note("every request has weight 0, so that none would be sent")


def _require_names(top: Table, requests: Sequence[AskedRequest]) -> None:
    for name, times in Counter(request.name for request in requests).items():
        if times > 1:
            top.note(f"{times} requests are called {name!r}. Give each a name of its own")
    after = {request.name: request.after for request in requests}
    for request in requests:
        if request.after and request.after not in after:
            top.note(
                f"request {request.name!r} comes after {request.after!r}, and there is none"
                f"{hint(request.after, after)}"
            )
        seen, name = {request.name}, request.after
        while name in after and name not in seen:
            seen.add(name)
            name = after[name]
        if name == request.name:
            top.note(f"request {request.name!r} comes after itself")


def _require_values(
    top: Table, values: Sequence[Drawn], login: Sequence[AskedRequest], requests: Sequence[AskedRequest]
) -> None:
    """That each value that stands in a request is there by then."""
    drawn = {name for each in values for name in each.names}
    taken = Counter(capture.name for request in (*login, *requests) for capture in request.captures)
    for name in drawn & taken.keys():
        top.note(f"{name!r} is both drawn and taken from an answer. Give one of the two another name")
    for request in (*login, *requests):
        for name in used(request.contains):
            if name in drawn or name in taken:
                top.note(
                    f"request {request.name!r} expects ${{{name}}} in its answer, and values stand in "
                    f"requests only: write what is the same for all users"
                )
    there = set(drawn)
    for number, request in enumerate(login, 1):
        for name in request.uses:
            if name not in there:
                _note_missing(top, f"[[login]] {number}", name, there, ())
        there |= {capture.name for capture in request.captures}
    by_name = {request.name: request for request in requests}
    for request in requests:
        before = set(there)
        step, seen = by_name.get(request.after), {request.name}
        while step is not None and step.name not in seen:
            seen.add(step.name)
            before |= {capture.name for capture in step.captures}
            step = by_name.get(step.after)
        for name in request.uses:
            if name not in before:
                givers = [r.name for r in requests if name in {capture.name for capture in r.captures}]
                _note_missing(top, f"request {request.name!r}", name, before, givers)


def _note_missing(top: Table, who: str, name: str, there: Iterable[str], givers: Sequence[str]) -> None:
    if givers:
        top.note(
            f'{who} uses ${{{name}}}, which {givers[0]!r} takes from its answer: write after = "{givers[0]}"'
        )
        return
    known = sorted(there)
    listed = (
        f" There are {', '.join(known)}" if known else " [values] and captures give them, and there are none"
    )
    top.note(f"{who} uses ${{{name}}}, and there is no such value{hint(name, known)}.{listed}")
