"""`--url`: requests of a user, each in one line as `[WEIGHT*][METHOD ]PATH[ STATUS][ ~TEXT]`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.ask.settings import flag
from bench.ask.settings.requests import OF_TRAFFIC, OF_URLS, TRAFFIC
from bench.catalogue.scenarios.rendering import FORM, JSON
from bench.catalogue.scenarios.request import WITH_BODY
from bench.model.errors import UsageError
from bench.model.problems import Problems
from bench.model.scenario import AskedRequest, AskedScenario

NAME = "urls"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_BODY_BYTES = 1 << 20
"""Each user sends it again and again, and a plan holds it."""
_FORM = "[WEIGHT*][METHOD ]PATH[ STATUS][ ~TEXT]"
_SPEC = re.compile(
    r"(?:(?P<weight>[0-9.]+)\*)?(?:(?P<method>[A-Za-z]+) +)?(?P<path>[^\s~]\S*)"
    r"(?: +(?P<status>[0-9]+))?(?: +~(?P<text>.*))?",
    re.DOTALL,
)
STATUSES = range(200, 600)
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
# The harness says what these are.
_OWN_FIELDS = ("connection", "content-length", "host", "transfer-encoding")


def scenario_of_urls(given: Mapping[str, Any]) -> AskedScenario:
    """What `--url` and the options beside it ask.

    Args:
        given: the user's settings, by name.

    Raises:
        UsageError: names everything that is wrong with them.
    """
    requests: list[AskedRequest] = []
    headers: tuple[tuple[str, str], ...] = ()
    with Problems() as problems:
        for spec in given["url"]:
            with problems.collected():
                requests.append(_read(spec, {request.name for request in requests}))
        with problems.collected():
            headers = read_headers(given.get("header", ()), "--header")
        with problems.collected():
            requests = _with_bodies(requests, given, headers)
        if host := given.get("host", ""):
            with problems.collected():
                require_host(host, "--host")
    redirects = bool(given.get("allow_redirect"))
    return AskedScenario(
        NAME,
        tuple(replace(request, redirects=redirects) for request in requests),
        cookies=not given.get("no_cookies"),
        host=host,
    )


def beside_urls(given: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each setting that says something of a `--url`, where there is none."""
    traffic = any(given.get(way) for way in TRAFFIC)
    for name in OF_URLS:
        if given.get(name) and not (traffic and name in OF_TRAFFIC):
            ways = ("url", *TRAFFIC) if name in OF_TRAFFIC else ("url",)
            needs = " or ".join(map(flag, ways))
            yield f"{flag(name)} goes with {needs}, and there is none. Name what has it."


def read_headers(lines: Sequence[str], place: str) -> tuple[tuple[str, str], ...]:
    """Fields, each written as `NAME: VALUE`.

    Raises:
        UsageError: one isn't, names another's twice, or is one that the harness says itself.
    """
    fields: dict[str, tuple[str, str]] = {}
    with Problems() as problems:
        for line in lines:
            match = _FIELD.fullmatch(line.strip())
            if match is None or not _latin(line):
                problems.note(
                    f"{place} {line!r} is no header field: write 'NAME: VALUE', in one line of Latin-1."
                )
            elif match[1].lower() in _OWN_FIELDS:
                problems.note(f"{place} {match[1]}: {_own_field(match[1].lower())}")
            elif match[1].lower() in fields:
                problems.note(
                    f"{place} names {match[1]} twice. Write both values in one, with a comma between."
                )
            else:
                fields[match[1].lower()] = match[1].title() if match[1].islower() else match[1], match[2]
    return tuple(fields.values())


def require_host(host: str, place: str) -> None:
    """Refuse what can't be the field Host.

    Raises:
        UsageError: it can't.
    """
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", host):
        raise UsageError(
            f"{place} {host!r} is no host: write a name like shop.example, with a port if it has one."
        )


def require_path(path: str, place: str) -> None:
    """Refuse what is no path of the application.

    Raises:
        UsageError: it isn't.
    """
    if path.startswith(("http://", "https://")):
        raise UsageError(
            f"{place}: write the path alone, from its first '/' on: servers have options of their own."
        )
    if not path.startswith("/") or not path.isprintable() or " " in path:
        raise UsageError(
            f"{place}: {path!r} is no path: it begins with '/', and a space in it is written %20."
        )
    if "#" in path:
        raise UsageError(f"{place}: what follows '#' is never sent. Leave it out, or write %23.")


def body_of(value: str, place: str) -> str:
    """A body, or what stands in the file that `@FILE` names; what isn't UTF-8 as surrogates.

    Raises:
        UsageError: the file can't be read, or it is too large.
    """
    if not value.startswith("@"):
        return value
    return body_file(Path(value[1:]), place)


def body_file(path: Path, place: str) -> str:
    """The whole of a file; see `body_of`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{place}: {path} can't be read: {error.strerror}.") from None
    if len(data) > MOST_BODY_BYTES:
        raise UsageError(
            f"{place}: {path} has {len(data):,} bytes, more than the {MOST_BODY_BYTES:,} that a body may."
        )
    return data.decode("utf-8", "surrogateescape")


def _read(spec: str, taken: Collection[str]) -> AskedRequest:
    place = f"--url {spec!r}"
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise UsageError(f"{place} is not {_FORM}, e.g. '3*/items/7' or 'POST /cart 303'.")
    weight, method, path, status, text = match.group("weight", "method", "path", "status", "text")
    method = method or "GET"
    with Problems() as problems:
        if method not in METHODS:
            problems.note(f"{place}: there is no method {method!r}. Known are {', '.join(METHODS)}.")
        with problems.collected():
            require_path(path, place)
        if status and int(status) not in STATUSES:
            problems.note(f"{place}: {status} is no status of an answer: these are 200 to 599.")
        if text is not None and not text:
            problems.note(
                f"{place}: no text stands behind '~'. Write what the answer holds, or leave '~' out."
            )
        if method == "HEAD" and text:
            problems.note(f"{place}: an answer to HEAD has no body that could hold a text.")
        number = _weight(weight, place, problems)
    name = f"{method} {path}"
    if name in taken:
        raise UsageError(f"{place}: {name} is asked twice. Give it a weight instead: '2*{path}'.")
    return AskedRequest(
        name, path, method, number, status=int(status) if status else None, contains=text or ""
    )


def _weight(text: str | None, place: str, problems: Problems) -> float:
    if text is None:
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= 1e6:
        problems.note(f"{place}: {text} is no weight: it is a number above 0, e.g. 3 or 0.5.")
    return weight


def _with_bodies(
    requests: Sequence[AskedRequest], given: Mapping[str, Any], headers: tuple[tuple[str, str], ...]
) -> list[AskedRequest]:
    """The requests with header fields, and with bodies where their methods have one."""
    data, as_json = given.get("data", ()), given.get("json_body", ())
    option, type_, values = ("--json-body", JSON, as_json) if as_json else ("--data", FORM, data)
    with_body = [request.name for request in requests if request.method in WITH_BODY]
    with Problems() as problems:
        if data and as_json:
            problems.note("--data and --json-body exclude each other: a body is one of both. Leave one out.")
        if values and requests and not with_body:
            problems.note(f"{option}: no --url has a method with a body. Write 'POST PATH', or leave it out.")
        elif len(values) > 1 and requests and len(values) != len(with_body):
            problems.note(
                f"{option} is given {len(values)} times, and {len(with_body)} of --url have a body. Give one "
                f"for all, or one for each, in their order."
            )
        bodies = [body_of(value, option) for value in values]
        for body in bodies if as_json else ():
            with problems.collected():
                _require_json(body)
    if not bodies or not with_body:
        return [replace(request, headers=headers) for request in requests]
    typed = headers if any(name.lower() == "content-type" for name, _ in headers) else (
        ("Content-Type", type_), *headers
    )  # fmt: skip
    of = dict(zip(with_body, bodies if len(bodies) > 1 else bodies * len(with_body), strict=True))
    return [
        replace(request, headers=typed, body=of[request.name])
        if request.name in of
        else replace(request, headers=headers)
        for request in requests
    ]


def _require_json(body: str) -> None:
    try:
        json.loads(body)
    except ValueError as error:
        raise UsageError(f"--json-body {body[:60]!r} is no JSON: {error}.") from None


def _own_field(name: str) -> str:
    other = {
        "connection": "the harness says it; see --connection.",
        "host": "write --host NAME.",
    }
    return other.get(name, "the harness says it.")


def _latin(text: str) -> bool:
    return text.isprintable() and all(ord(character) < 0x100 for character in text)
